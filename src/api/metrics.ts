/**
 * Counts and durations of requests, in the text format that Prometheus reads. Labels are interaction and
 * status only: never a type, an id or a person.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

/** Upper bounds of the histogram, in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

interface Series {
  readonly statuses: Map<number, number>;
  readonly buckets: Float64Array;
  seconds: number;
  count: number;
}

/** A number that is read when it is asked for. */
export interface Gauge {
  readonly name: string;
  /** Only ever rises while the process lives. */
  readonly rises?: true;
  readonly text: string;
  read(): number;
}

export class Metrics {
  readonly #series = new Map<string, Series>();
  readonly #gauges: Gauge[] = [];

  /** One request that was answered. */
  observe(interaction: string, status: number, ms: number): void {
    let series = this.#series.get(interaction);
    if (series === undefined) {
      series = { statuses: new Map(), buckets: new Float64Array(BOUNDS.length + 1), seconds: 0, count: 0 };
      this.#series.set(interaction, series);
    }
    series.statuses.set(status, (series.statuses.get(status) ?? 0) + 1);
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] ?? 0)) bucket++;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    series.seconds += seconds;
    series.count += 1;
  }

  /** Adds a gauge; its name without the prefix `openward_`. */
  gauge(gauge: Gauge): void {
    this.#gauges.push(gauge);
  }

  /** The whole page. */
  text(): string {
    const lines = [
      '# HELP openward_requests_total FHIR requests answered.',
      '# TYPE openward_requests_total counter',
    ];
    const series = [...this.#series].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [interaction, { statuses }] of series) {
      for (const [status, count] of [...statuses].sort(([a], [b]) => a - b)) {
        lines.push(`openward_requests_total{interaction="${interaction}",status="${status}"} ${count}`);
      }
    }
    lines.push(
      '# HELP openward_request_duration_seconds Time from the request to its answer.',
      '# TYPE openward_request_duration_seconds histogram',
    );
    for (const [interaction, one] of series) pushHistogram(lines, interaction, one);
    for (const { name, text, read, rises } of this.#gauges) {
      lines.push(
        `# HELP openward_${name} ${text}`,
        `# TYPE openward_${name} ${rises === true ? 'counter' : 'gauge'}`,
        `openward_${name} ${read()}`,
      );
    }
    return `${lines.join('\n')}\n`;
  }
}

function pushHistogram(lines: string[], interaction: string, series: Series): void {
  const name = 'openward_request_duration_seconds';
  let below = 0;
  BOUNDS.forEach((bound, i) => {
    below += series.buckets[i] ?? 0;
    lines.push(`${name}_bucket{interaction="${interaction}",le="${bound}"} ${below}`);
  });
  lines.push(
    `${name}_bucket{interaction="${interaction}",le="+Inf"} ${series.count}`,
    `${name}_sum{interaction="${interaction}"} ${series.seconds}`,
    `${name}_count{interaction="${interaction}"} ${series.count}`,
  );
}
