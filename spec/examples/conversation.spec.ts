import { describe, expect, it } from 'vitest';
import { type Chat, type Directed } from '../../examples/02-chat/messages.ts';
import {
  confirms,
  type Conversation,
  notSent,
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
const after = (...events: Directed[]): Conversation =>
  events.reduce(update, { all: [], people: 1 });

/** What is seen, as `id:status`. */
const seen = ({ all }: Conversation): string[] => all.map(({ id, status }) => `${id}:${status}`);

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

  it('shows a message that failed as not sent, and nothing of a deletion that failed', () => {
    expect(notSent(write('a') as never)).toEqual(chat('a', 1));
    expect(notSent(erase('a') as never)).toBeUndefined();
  });

  it('knows how many people are here, and fetching changes nothing', () => {
    const fetched: Directed = { from: 'client', message: [2, null] };

    expect(after({ from: 'server', message: [1, 3] }, list(chat('a')), fetched).people).toBe(3);
  });

  it.each([
    ['a sent message in the list', [0, chat('a')], [0, [chat('a')]], true],
    ['a sent message that is not there', [0, chat('a')], [0, [chat('b')]], false],
    ['a deletion, by any list', [1, 'a'], [0, [chat('b')]], true],
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
