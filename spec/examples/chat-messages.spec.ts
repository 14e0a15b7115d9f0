/** The messages of the chat have one definition, and what is written from it stands beside it. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  ClientMessage,
  pageCodec,
  ServerMessage,
  serverCodec,
} from '../../examples/02-chat/messages.ts';
import { type Ran, runIn } from '../support/project.ts';

const root = new URL('../../', import.meta.url).pathname;
const chat = `${root}examples/02-chat`;

/** Runs the command as `npm run example:messages` does. */
const cli = (...args: string[]): Promise<Ran> =>
  runIn(chat, process.execPath, ['--import', 'tsx', `${root}lib/cli/main.ts`, ...args]);

describe('examples/02-chat: the definition of the messages', { timeout: 30_000 }, () => {
  it.each([
    ['gleam', 'messages.gleam'],
    ['definition', 'messages.json'],
  ])(
    '%s writes the %s that is committed; else `npm run example:messages`',
    async (command, file) => {
      const { code, out } = await cli(command, 'messages.ts');

      expect(code).toBe(0);
      expect(out).toBe(await readFile(`${chat}/${file}`, 'utf8'));
    },
  );

  it('breaks no page that is open', async () => {
    // What the chat said before its messages had authors.
    expect(await cli('check', '../../spec/examples/chat-before.json', 'messages.json')).toEqual({
      code: 0,
      out: 'the messages differ, and nothing breaks\n',
      log: '',
    });
  });

  it('has golden texts that both codecs read and write', async () => {
    const { out } = await cli('golden', 'messages.ts');
    const golden = JSON.parse(out) as { name: string; sender: string; texts: string[] }[];
    const [client, server] = golden;

    expect(golden.map(({ name, sender }) => [name, sender])).toEqual([
      ['ClientMessage', 'client'],
      ['ServerMessage', 'server'],
    ]);
    for (const text of client?.texts ?? []) {
      const message = serverCodec.decode(text);
      expect(ClientMessage.is(message)).toBe(true);
      expect(pageCodec.encode(message)).toBe(text);
    }
    for (const text of server?.texts ?? []) {
      const message = pageCodec.decode(text);
      expect(ServerMessage.is(message)).toBe(true);
      expect(serverCodec.encode(message)).toBe(text);
    }
    expect(client?.texts.length).toBeGreaterThan(6);
    expect(server?.texts.length).toBeGreaterThan(6);
  });
});
