/** Limit of reads: node:http sending the same bytes. `node bare-http.ts FILE`, FILE = JSON of path → body; prints its port. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const file = process.argv[2] ?? '';
const bodies = new Map<string, Buffer>();
for (const [path, body] of Object.entries<string>(JSON.parse(readFileSync(file, 'utf8')))) {
  bodies.set(path, Buffer.from(body));
}
const server = createServer((request, response) => {
  const body = bodies.get(request.url ?? '');
  if (body === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/fhir+json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
