/** The messages of the chat have one definition, and what is written from it stands beside it. */
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ClientMessage,
  pageCodec,
  ServerMessage,
  serverCodec,
} from '../../examples/02-chat/messages.ts';
import { CommandHost, type Ran, runIn } from '../support/project.ts';

const root = new URL('../../', import.meta.url).pathname;
const chat = `${root}examples/02-chat`;

const host = new CommandHost();
afterAll(() => host.end());
const command = (...args: string[]): Promise<Ran> => host.run(chat, args);

describe('examples/02-chat: the definition of the messages', { timeout: 30_000 }, () => {
  it('gleam writes the messages.gleam that is committed; else `npm run example:messages`', async () => {
    // As that runs it.
    const args = ['--import', 'tsx', `${root}lib/cli/main.ts`, 'gleam', 'messages.ts'];
    const { code, out } = await runIn(chat, process.execPath, args);

    expect(code).toBe(0);
    expect(out).toBe(await readFile(`${chat}/messages.gleam`, 'utf8'));
  });

  it('definition writes the messages.json that is committed', async () => {
    const { code, out } = await command('definition', 'messages.ts');

    expect(code).toBe(0);
    expect(out).toBe(await readFile(`${chat}/messages.json`, 'utf8'));
  });

  it('breaks no page that is open', async () => {
    // What the chat said before its messages had authors.
    expect(await command('check', '../../spec/examples/chat-before.json', 'messages.json')).toEqual(
      {
        code: 0,
        out: 'the messages differ, and nothing breaks\n',
        log: '',
      },
    );
  });

  it('has golden texts that both codecs read and write', async () => {
    const { out } = await command('golden', 'messages.ts');
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
