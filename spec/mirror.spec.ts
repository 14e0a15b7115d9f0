/**
 * Where the behaviour of each file of lib is tested: in the spec at the same place, `lib/a/b.ts` in
 * `spec/a/b.spec.ts`. What has none stands below, at the spec that tests it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Files, and folders with a slash at the end, by the spec through which they are tested. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'transports.spec.ts': ['core/exchange.ts'],
  'client/ends.spec.ts': ['core/close-codes.ts', 'client/status.ts'],

  'cli/check.spec.ts': ['cli/compatibility.ts'],
  'cli/commands/new.spec.ts': ['cli/new/'],
  'cli/gleam/helpers.spec.ts': ['cli/gleam/time-helpers.ts'],
  'cli/gleam/module.spec.ts': ['cli/gleam/', 'cli/interface/', 'cli/examples.ts'],
  'cli/run.spec.ts': [
    'cli/arguments.ts',
    'cli/commands/',
    'cli/main.ts',
    'cli/terminal.ts',
    'cli/usage-error.ts',
  ],
  'cli/typescript.spec.ts': ['cli/typescript/'],

  'client/link.spec.ts': [
    'client/connect.ts',
    'client/encoded.ts',
    'client/errors.ts',
    'client/limits.ts',
    'client/platform.ts',
  ],
  'client/stored-queue.spec.ts': [
    'client/entry.ts',
    'client/journals.ts',
    'client/page-events.ts',
    'client/patience.ts',
  ],
  'client/resume.spec.ts': ['client/resumption.ts'],
  'client/server.spec.ts': ['client/websocket.ts'],

  'codecs/definition.spec.ts': [
    'codecs/any-struct.ts',
    'codecs/canonical.ts',
    'codecs/constraints.ts',
    'codecs/definition-error.ts',
    'codecs/tree.ts',
  ],
  'codecs/json-schema.spec.ts': ['codecs/from-json-schema.ts', 'codecs/standard-schema.ts'],
  'codecs/schema-codec.spec.ts': ['codecs/standard-struct.ts'],
  'codecs/struct-codec.spec.ts': [
    'codecs/sendable.ts',
    'codecs/struct-failure.ts',
    'codecs/words.ts',
  ],
  'codecs/struct-runner.spec.ts': ['codecs/certainty.ts', 'codecs/superstruct.ts'],
  'codecs/variants.spec.ts': ['codecs/masked.ts', 'codecs/tags.ts'],

  'connection/acknowledgement.spec.ts': ['connection/answering.ts'],
  'connection/resume.spec.ts': [
    'connection/client-window.ts',
    'connection/resume-options.ts',
    'connection/returning.ts',
  ],
  'websocket/handler.spec.ts': [
    'connection/connection.ts',
    'connection/line.ts',
    'connection/options.ts',
  ],

  'http/route.spec.ts': ['http/failure.ts', 'http/options.ts'],

  'hub/hub.spec.ts': [
    'hub/all-topics.ts',
    'hub/backplane.ts',
    'hub/catch-up.ts',
    'hub/delivery.ts',
    'hub/errors.ts',
    'hub/feed.ts',
    'hub/feeds.ts',
    'hub/options.ts',
    'hub/outgoing.ts',
    'hub/queue.ts',
    'hub/receivers.ts',
    'hub/repeats.ts',
    'hub/since.ts',
    'hub/topic-hash.ts',
  ],
  'hub/engines.spec.ts': ['hub/nats/', 'hub/redis/'],

  'lustre/websocket.spec.ts': [
    'lustre/csrf.ts',
    'lustre/event-origin.ts',
    'lustre/flush-tick.ts',
    'lustre/incoming.ts',
    'lustre/mounts.ts',
    'lustre/patches.ts',
    'lustre/report.ts',
    'lustre/source.ts',
    'lustre/viewing.ts',
  ],
  'lustre/sse.spec.ts': ['lustre/prerender.ts', 'lustre/sse-options.ts'],
  'lustre/client.spec.ts': ['lustre/merge.ts'],
  'lustre/vdom/encode.spec.ts': ['lustre/vdom/'],

  'server/attach.spec.ts': ['server/listen.ts'],
  'server/pending-socket.spec.ts': ['connection/claim.ts'],
  'testing/test-client.spec.ts': ['testing/'],
};

const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();
/** The doors are names alone: `spec/package.spec.ts` has all of them. */
const isDoor = (file: string): boolean => !file.includes('/');
const hasSpec = (file: string): boolean =>
  existsSync(join(root, 'spec', file.replace(/\.ts$/, '.spec.ts')));
/** Types leave no code. */
const hasCode = (file: string): boolean =>
  transformSync(readFileSync(join(root, 'lib', file), 'utf8'), { loader: 'ts' }).code.trim() !== '';

const covers = (entry: string, file: string): boolean =>
  entry.endsWith('/') ? file.startsWith(entry) : file === entry;
const entries = Object.values(elsewhere).flat();

describe('the specs', () => {
  it('stand where the files of lib do, or the list says where', () => {
    const missing = files.filter(
      (file) =>
        !isDoor(file) &&
        !hasSpec(file) &&
        hasCode(file) &&
        !entries.some((entry) => covers(entry, file)),
    );

    expect(missing).toEqual([]);
  });

  it('of the list are there', () => {
    const gone = Object.keys(elsewhere).filter((spec) => !existsSync(join(root, 'spec', spec)));

    expect(gone).toEqual([]);
  });

  it('have a list of files that are there', () => {
    const gone = entries.filter((entry) => !files.some((file) => covers(entry, file)));

    expect(gone).toEqual([]);
  });
});
