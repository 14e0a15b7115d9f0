import { describe, expect, it } from 'vitest';
import { attribute, html } from '../../lib/lustre.ts';
import { Knowledge, writesTo } from '../../lib/lustre/knowledge.ts';
import { type ElementNode } from '../../lib/lustre/vdom/node.ts';
import { type Write, Writes } from '../../lib/lustre/writes.ts';

const element = html.input([attribute('value', 'view')]) as ElementNode<unknown>;
const write = (version: number, value: string): Write => ({
  version,
  value,
  by: undefined,
  isOwn: false,
  isKept: false,
});

type Shows = Knowledge['shows'];
const view: Shows = { value: 'view' };
const other: Shows = { value: 'other' };

describe('whether a page is written to', () => {
  it.each<
    [string, boolean, Shows, { isTouched?: boolean; isChanged?: boolean; isReported?: boolean }]
  >([
    ['not where nothing is known and nothing has changed', false, undefined, {}],
    ['where the view has changed', true, undefined, { isChanged: true }],
    ['not where the page shows what the view says', false, view, {}],
    ['not even where the view has changed to it', false, view, { isChanged: true }],
    ['where the page shows another value', true, other, {}],
    ['where the page may show anything', true, 'unknown', {}],
    ['not where its user has half typed something', false, 'unfinished', { isChanged: true }],
    ['where there was an event around it', true, undefined, { isTouched: true }],
    [
      'not where the control would have said so',
      false,
      undefined,
      { isTouched: true, isReported: true },
    ],
  ])('%s', (_, expected, shows, { isTouched = false, isChanged = false, isReported = false }) => {
    const knowledge = new Knowledge(new Writes(), 0);
    Object.assign(knowledge, { shows, isTouched });

    expect(writesTo(true, knowledge, element, 'view', isChanged, () => isReported)).toBe(expected);
  });

  it('before its events are handled only by what has changed', () => {
    const knowledge = new Knowledge(new Writes(), 0);
    knowledge.shows = other;
    const writes = (isChanged: boolean): boolean =>
      writesTo(false, knowledge, element, 'view', isChanged, () => true);

    expect([writes(false), writes(true)]).toEqual([false, true]);
  });
});

describe('what is known of a page', () => {
  it('is what it was written, once something is known', () => {
    const knowledge = new Knowledge(new Writes(), 0);
    knowledge.note(write(1, 'a'));
    expect(knowledge.shows).toBeUndefined();
    knowledge.shows = other;
    knowledge.note(write(2, 'b'));
    expect(knowledge.shows).toEqual({ value: 'b' });
  });

  it('forgets the writes before the last that its events have seen', () => {
    const knowledge = new Knowledge(new Writes([write(0, 'first')]), 0);
    for (let version = 1; version <= 5; version++) knowledge.note(write(version, String(version)));
    knowledge.seen = 5;
    for (let version = 6; version <= 12; version++) knowledge.note(write(version, String(version)));

    expect(knowledge.writes.valueOf(4)).toBeUndefined();
    expect(knowledge.writes.valueOf(5)).toBe('5');
    expect(knowledge.writes.isFull).toBe(true);
  });
});
