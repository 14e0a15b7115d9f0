/** What a page pays, minified and gzipped. The numbers may fall; what raises them says why. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The size of a page that uses these names, in bytes. */
async function sizeOf(code: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

describe('the size of the client', () => {
  it.each([
    ['core over WebSocket', "export { connect } from './lib/client.ts';", 5_193],
    ['core and questions', "export { ask, connect } from './lib/client.ts';", 5_414],
    ['core and resume', "export { connect, resume } from './lib/client.ts';", 6_094],
    ['core for any server', "export { anyWebSocket, connect } from './lib/client.ts';", 5_695],
    [
      'all transports and the store',
      "export { connect, createStore, http, sse, webSocket } from './lib/client.ts';",
      7_380,
    ],
    ['everything, with the stored queue', "export * from './lib/client.ts';", 11_088],
    [
      'core, structCodec and superstruct, as a page uses them',
      `export { connect } from './lib/client.ts';
       export { structCodec, variants } from './lib/codecs.ts';
       export { integer, string } from 'superstruct';`,
      11_322,
    ],
  ])('%s', async (_name, code, most) => {
    const size = await sizeOf(code);

    expect(size).toBeLessThanOrEqual(most);
  });

  it('has nothing of Node', async () => {
    const { metafile } = await build({
      stdin: { contents: "export * from './lib/client.ts';", resolveDir: root, loader: 'ts' },
      bundle: true,
      write: false,
      metafile: true,
      platform: 'browser',
    });

    for (const path of Object.keys(metafile.inputs)) {
      expect(path).toMatch(/^(<stdin>|lib\/client\.ts|lib\/(client|core)\/[\w-]+\.ts)$/);
    }
  });
});
