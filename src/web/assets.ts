/**
 * Styles, script and icons, read once when the door opens and sent from memory, packed. Their names carry a
 * hash of their content, so browsers keep them for good; what the style sheet names without a hash is asked
 * for again each day.
 */
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { Failure } from '../base/failure.ts';

export interface Assets {
  /** Names below /assets/. */
  readonly css: string;
  readonly js: string;
  readonly icon: string;
  readonly files: ReadonlyMap<string, Asset>;
}

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly packed: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Beside the compiled door; where the source itself runs, in dist. */
const FOLDERS = ['./assets/', '../../dist/web/assets/'].map((path) => new URL(path, import.meta.url));

/** The assets that the build made. Throws Failure `exception` where there are none. */
export async function loadAssets(): Promise<Assets> {
  for (const folder of FOLDERS) {
    const text = await readFile(new URL('manifest.json', folder), 'utf8').catch(() => undefined);
    if (text !== undefined) return assetsIn(folder, JSON.parse(text));
  }
  throw new Failure('exception', 'The styles of the pages are not built: run "npm run build" first.');
}

async function assetsIn(folder: URL, manifest: Pick<Assets, 'css' | 'js' | 'icon'>): Promise<Assets> {
  const files = new Map<string, Asset>();
  for (const name of await readdir(folder)) {
    const type = TYPES[name.split('.').at(-1) ?? ''];
    if (type === undefined || name.startsWith('.')) continue;
    const plain = await readFile(new URL(name, folder));
    files.set(name, { type, plain, packed: gzipSync(plain, { level: 9 }) });
  }
  const { css, js, icon } = manifest;
  return { css, js, icon, files };
}

/** Serves them at /assets/. */
export function serveAssets(server: FastifyInstance, assets: Assets): void {
  for (const [name, { type, plain, packed }] of assets.files) {
    const isHashed = /-[0-9a-f]{12}\.\w+$/.test(name);
    server.get(`/assets/${name}`, (request, reply) => {
      const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      reply
        .header('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=86400')
        .header('Vary', 'Accept-Encoding')
        .type(type);
      if (takesGzip) reply.header('Content-Encoding', 'gzip');
      return reply.send(takesGzip ? packed : plain);
    });
  }
}
