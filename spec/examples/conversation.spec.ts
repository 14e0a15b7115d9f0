import { describe, expect, it } from 'vitest';
import { type Chat, type Directed } from '../../examples/02-chat/messages.ts';
import {
  confirms,
  type Conversation,
  type Dismissed,
  empty,
  shown,
  update,
} from '../../examples/02-chat/page/conversation.ts';

const chat = (id: string, status: Chat['status'] = 2): Chat => ({
  id,
  content: id,
  status,
  sent_at: 1,
  author: 'Ann',
});
const write = (id: string): Directed => ({ from: 'client', message: [0, chat(id, 4)] });
const erase = (id: string): Directed => ({ from: 'client', message: [1, id] });
const list = (...all: Chat[]): Directed => ({ from: 'server', message: [0, all] });
const after = (...events: (Directed | Dismissed)[]): Conversation => events.reduce(update, empty);

/** What is seen, as `id:status`. */
const seen = (conversation: Conversation, failed: readonly Chat[] = []): string[] =>
  shown(conversation, failed).map(({ id, status }) => `${id}:${status}`);

describe('the conversation of examples/02-chat', () => {
  it('shows at once what one writes, after what the server has', () => {
    expect(seen(after(list(chat('a')), write('b')))).toEqual(['a:2', 'b:4']);
  });

  it('shows a message once, as the server has it, however often it is sent', () => {
    expect(seen(after(write('a'), write('a')))).toEqual(['a:4']);
    expect(seen(after(list(chat('a')), write('a')))).toEqual(['a:2']);
  });

  it('hides at once what one deletes', () => {
    expect(seen(after(list(chat('a'), chat('b')), erase('a')))).toEqual(['b:2']);
    expect(seen(after(erase('a'), list(chat('a'))))).toEqual(['a:2']);
  });

  it('keeps what the server did not accept until it is dismissed or sent again', () => {
    const refused = after(list(chat('a'), chat('b', 0)), list(chat('a'), chat('c')));

    expect(seen(refused)).toEqual(['a:2', 'c:2', 'b:0']);
    expect(seen(update(refused, { from: 'page', id: 'b' }))).toEqual(['a:2', 'c:2']);
    expect(seen(update(refused, write('b')))).toEqual(['a:2', 'c:2', 'b:4']);
  });

  it('shows what failed at the end, unless the server has it after all', () => {
    expect(seen(after(list(chat('a'))), [chat('b', 4), chat('a', 4)])).toEqual(['a:2', 'b:1']);
  });

  it('knows how many people are here, and fetching changes nothing', () => {
    const { people } = after({ from: 'server', message: [1, 3] }, list(chat('a')), {
      from: 'client',
      message: [2, null],
    });

    expect(people).toBe(3);
  });

  it.each([
    ['a sent message in the list', [0, chat('a')], [0, [chat('a')]], true],
    ['a sent message that is not there', [0, chat('a')], [0, [chat('b')]], false],
    ['a deleted message that is gone', [1, 'a'], [0, [chat('b')]], true],
    ['a deleted message that is there', [1, 'a'], [0, [chat('a')]], false],
    ['a fetch', [2, null], [0, []], true],
    ['a count of people', [2, null], [1, 3], false],
  ] as const)('takes %s for a confirmation, or not', (_, sent, message, expected) => {
    expect(
      confirms(
        { from: 'client', message: sent as never },
        { from: 'server', message: message as never },
      ),
    ).toBe(expected);
  });
});
