import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

describe('metrics', () => {
  it('count requests by interaction and status, and their durations in cumulative buckets', () => {
    const metrics = new Metrics();
    metrics.observe('read', 200, 0.5);
    metrics.observe('read', 200, 3);
    metrics.observe('read', 404, 60_000);
    metrics.gauge({ name: 'writer_queue', text: 'Commits waiting.', read: () => 7 });
    const lines = metrics.text().split('\n');
    expect(lines).toContain('openward_requests_total{interaction="read",status="200"} 2');
    expect(lines).toContain('openward_requests_total{interaction="read",status="404"} 1');
    expect(lines).toContain('openward_request_duration_seconds_bucket{interaction="read",le="0.001"} 1');
    expect(lines).toContain('openward_request_duration_seconds_bucket{interaction="read",le="0.005"} 2');
    expect(lines).toContain('openward_request_duration_seconds_bucket{interaction="read",le="5"} 2');
    expect(lines).toContain('openward_request_duration_seconds_bucket{interaction="read",le="+Inf"} 3');
    expect(lines).toContain('openward_request_duration_seconds_count{interaction="read"} 3');
    expect(lines).toContain('openward_writer_queue 7');
    expect(lines.at(-1)).toBe('');
  });
});
