import { describe, expect, it } from 'vitest';
import { HandledMessages } from '../../lib/connection/handled-messages.ts';

describe('handled messages', () => {
  it('are found by their id, with the answer they got', () => {
    const handled = new HandledMessages<string>({ bytes: 0, limit: Infinity });
    for (const id of [3, 5, 8]) handled.begin(id, 'me', 1);

    const slot = handled.find(5)!;
    expect(handled.answerAt(slot)).toBeUndefined();
    expect(handled.answer(slot, '=5', 'five')).toBe(4);

    expect(handled.answerAt(slot)).toEqual({ header: '=5', encoded: 'five' });
    expect(handled.find(4)).toBeUndefined();
  });

  it.each(['=5', '+5', '-5;handler', '=5;place=7', '+5;x'])('keep the header %s', (header) => {
    const handled = new HandledMessages<string>({ bytes: 0, limit: Infinity });
    handled.begin(5, 'me', 1);
    handled.answer(handled.find(5)!, header, '');

    expect(handled.answerAt(handled.find(5)!)).toEqual({ header, encoded: '' });
  });

  it('know the oldest, and when it was begun', () => {
    const handled = new HandledMessages<string>({ bytes: 0, limit: Infinity });
    expect([handled.oldest, handled.oldestTime]).toEqual([undefined, Infinity]);

    handled.begin(1, 'me', 10.2);
    handled.begin(2, 'me', 20);
    expect([handled.oldest, handled.oldestTime]).toEqual([1, 11]);
    handled.drop();

    expect([handled.oldest, handled.oldestTime]).toEqual([2, 20]);
  });

  it('know which of them a connection handles still', () => {
    const handled = new HandledMessages<string>({ bytes: 0, limit: Infinity });
    for (const id of [1, 2, 3, 4]) handled.begin(id, id === 3 ? 'other' : 'me', 1);
    handled.answer(handled.find(2)!, '=2', '');
    handled.remove(handled.find(1)!);

    expect(handled.begunBy('me')).toEqual([4]);
    expect(handled.begunBy('other')).toEqual([3]);
  });

  it('keep what is known of each when one is taken out, or more come than there is room for', () => {
    const handled = new HandledMessages<number>({ bytes: 0, limit: Infinity });
    for (let id = 1; id <= 5; id++) handled.begin(id, id, id);
    for (let n = 0; n < 4; n++) handled.drop();
    for (let id = 6; id <= 30; id++) handled.begin(id, id, id);
    for (let id = 5; id <= 30; id += 2) handled.answer(handled.find(id)!, `=${id}`, `${id}`);
    handled.remove(handled.find(20)!);

    for (let id = 5; id <= 30; id++) {
      const slot = handled.find(id);
      expect(slot === undefined).toBe(id === 20);
      if (slot === undefined) continue;
      const answered = id % 2 === 0 ? undefined : { header: `=${id}`, encoded: `${id}` };
      expect(handled.answerAt(slot)).toEqual(answered);
      expect(handled.begunBy(id)).toEqual(id % 2 === 0 ? [id] : []);
    }
    expect(handled.length).toBe(25);
  });
});
