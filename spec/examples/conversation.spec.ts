import { describe, expect, it } from 'vitest';
import { type Chat, type ClientMessage } from '../../examples/02-chat/messages.ts';
import {
  type Conversation,
  empty,
  fail,
  isHeard,
  merge,
  next,
  remove,
  retry,
  send,
  shown,
} from '../../examples/02-chat/page/conversation.ts';

const at = new Date('2025-11-23T12:13:20.900Z');
const sent = (id: string, content = id): Chat => ({ id, content, status: 2, sent_at: 1 });
const write = (conversation: Conversation, id: string): Conversation =>
  send(conversation, { id, content: id, at });

/** What is seen, as `id:status`, one's own marked. */
const seen = (conversation: Conversation): string[] =>
  shown(conversation).map(({ id, status, isMine }) => `${id}:${status}${isMine ? ' mine' : ''}`);

/** What the server is still to be told. */
const unsaid = (conversation: Conversation): readonly ClientMessage[] =>
  conversation.outbox.map(({ message }) => message);

describe('the conversation of examples/02-chat', () => {
  it('shows at once what one writes, after what was said, and says it to the server', () => {
    const conversation = write(merge(empty, [sent('a')]), 'b');

    expect(seen(conversation)).toEqual(['a:2', 'b:4 mine']);
    expect(next(conversation)).toEqual([
      0,
      { id: 'b', content: 'b', status: 4, sent_at: 1_763_900_000 },
    ]);
  });

  it('takes the word of the server for what it has, and keeps what it has not', () => {
    const conversation = merge(write(write(empty, 'a'), 'b'), [sent('x'), sent('a')]);

    expect(seen(conversation)).toEqual(['x:2', 'a:2 mine', 'b:4 mine']);
    expect(unsaid(conversation)).toHaveLength(1);
    expect(seen(merge(conversation, [sent('b')]))).toEqual(['b:2 mine']);
  });

  it('hides at once what one deletes, until the server has deleted it', () => {
    const conversation = remove(merge(empty, [sent('a'), sent('b')]), 'a');

    expect(seen(conversation)).toEqual(['b:2']);
    expect(next(conversation)).toEqual([1, 'a']);
    expect(seen(merge(conversation, [sent('a'), sent('b')]))).toEqual(['b:2']);
    expect(merge(conversation, [sent('b')]).outbox).toEqual([]);
  });

  it('deletes what is still to be sent with the server too, which may have it already', () => {
    const conversation = remove(write(empty, 'a'), 'a');

    expect(seen(conversation)).toEqual([]);
    expect(unsaid(conversation)).toEqual([[1, 'a']]);
    expect(seen(merge(conversation, [sent('a')]))).toEqual([]);
  });

  it('keeps what the server refused, does not say it again by itself, and does when told', () => {
    const written = write(write(empty, 'a'), 'b');

    const refused = merge(written, [{ ...sent('a'), status: 0 }]);

    expect(seen(refused)).toEqual(['a:0 mine', 'b:4 mine']);
    expect(next(refused)).toMatchObject([0, { id: 'b' }]);
    expect(next(merge(refused, []))).toMatchObject([0, { id: 'b' }]);
    expect(seen(retry(refused, 'a'))).toEqual(['a:4 mine', 'b:4 mine']);
    expect(next(retry(refused, 'a'))).toMatchObject([0, { id: 'a' }]);
    expect(unsaid(remove(refused, 'a'))).toMatchObject([
      [0, { id: 'b' }],
      [1, 'a'],
    ]);
  });

  it('shows again what could not be deleted', () => {
    const conversation = remove(merge(empty, [sent('a')]), 'a');
    const [message] = unsaid(conversation);

    expect(seen(fail(conversation, message!, 1))).toEqual(['a:2']);
    expect(fail(conversation, message!, 1).outbox).toEqual([]);
  });

  it('marks what could not be sent, and nothing else', () => {
    const conversation = write(write(empty, 'a'), 'b');

    expect(seen(fail(conversation, next(conversation)!, 1))).toEqual(['a:1 mine', 'b:4 mine']);
    expect(fail(conversation, [2, null], 1)).toEqual(conversation);
  });

  it('remembers the last 300 ids that were written here', () => {
    let conversation = empty;

    for (let id = 1; id <= 301; id++) conversation = write(conversation, String(id));

    expect(conversation.mine).toHaveLength(300);
    expect(conversation.mine[0]).toBe('2');
  });

  it('knows what was heard from what the server says', () => {
    const [message] = unsaid(write(empty, 'a'));

    expect(isHeard(message!, [])).toBe(false);
    expect(isHeard(message!, [{ ...sent('a'), status: 0 }])).toBe(true);
    expect(isHeard([1, 'a'], [sent('a')])).toBe(false);
    expect(isHeard([1, 'a'], [])).toBe(true);
    expect(isHeard([2, null], [])).toBe(true);
  });
});
