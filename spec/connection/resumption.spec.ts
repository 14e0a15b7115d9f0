/** One connection of a client that comes back: what it may go on from, and what its store is asked. */
import { describe, expect, it } from 'vitest';
import { type Resume, resumeFrameOf } from '../../lib/connection/introduction.ts';
import { type ResumeOptions, resumeSettings } from '../../lib/connection/resume-options.ts';
import { Resumption } from '../../lib/connection/resumption.ts';
import { type Answered, type Known, type OpenStore } from '../../lib/core/window-store.ts';
import { deferred } from '../support/deferred.ts';

const TAG = 'a'.repeat(22);
const FIRST = {
  tag: TAG,
  resume: undefined,
  patience: 60_000,
  isContinued: true,
  isAnswered: true,
};
const from = (more: Partial<Resume>): Resume => ({
  tag: TAG,
  window: undefined,
  foreign: 0,
  sent: 0,
  pushes: 0,
  places: new Map(),
  ...more,
});

interface Connection {
  /** What the client is to send as `owner` on its next line. */
  readonly owner: string;
  readonly host: { isOver: boolean };
  readonly frames: string[];
  readonly resumption: Resumption;
}

/** A connection, with all that is sent on it but the answer to `@`. */
function connected(
  returning: object = {},
  options: ResumeOptions = {},
  settings = resumeSettings(options),
): Connection {
  const frames: string[] = [];
  const host = {
    isOver: false,
    replaced: () => {},
    sendControl: (header: string, text: string) => frames.push(`${header}\n${text}`),
    repeat: ({ header, encoded }: { header: string; encoded: unknown }) =>
      frames.push(`${header}\n${String(encoded)}`),
  };
  if (settings === undefined) throw new Error('no settings');
  const resumption = new Resumption(host, settings, { ...FIRST, ...returning });
  const { owner } = JSON.parse(frames.shift()?.slice(2) ?? '{}') as { owner: string };
  return { owner, host, frames, resumption };
}

/** A store that answers with this, and notes what it is told. */
function storeOf(claim: () => Promise<Known>): {
  told: string[];
  claimers: Set<string>;
  store: { open: () => OpenStore };
} {
  const told: string[] = [];
  const claimers = new Set<string>();
  const open = {
    claim: (_client: string, _id: number, claimer: string) => {
      claimers.add(claimer);
      return claim();
    },
    settle: (client: string, id: number, { header }: Answered, claimer: string) => {
      claimers.add(claimer);
      told.push(`settle ${client} ${id} ${header}`);
    },
    release: (client: string, id: number, claimer: string) => {
      claimers.add(claimer);
      told.push(`release ${client} ${id}`);
    },
  };
  return { told, claimers, store: { open: () => open } };
}

describe('a message, where the store does not answer', () => {
  it('was not handled when it is new, and may have been when it is a repeat', async () => {
    const { store } = storeOf(() => Promise.reject(new Error('away')));
    const { resumption, frames } = connected({ resume: from({ sent: 2 }) }, { store });

    expect(await resumption.claim(3, false)).toBe(false);
    expect(await resumption.claim(2, true)).toBe(false);
    expect(frames).toEqual(['-3;unavailable\n', '-2;forgotten\n']);
  });

  it('is refused again on the next line, also by another process', async () => {
    const { store, told } = storeOf(() => Promise.reject(new Error('away')));
    const settings = resumeSettings({ store });
    const first = connected({ resume: from({ sent: 2 }) }, {}, settings);
    await first.resumption.claim(3, false);
    await first.resumption.claim(2, true);
    const { owner } = first;
    const [, window] = owner.split('.');
    const { resumption, frames } = connected({ resume: from({ window, sent: 3 }) }, {}, settings);

    expect([resumption.claim(2, true), resumption.claim(3, true)]).toEqual([false, false]);
    expect(frames).toEqual(['-2;forgotten\n', '-3;unavailable\n']);
    expect(told).toEqual([`settle ${TAG} 3 -3;unavailable`, `settle ${TAG} 2 -2;forgotten`]);
  });

  it('is claimed anew by a repeat that waits for it, when its line broke meanwhile', async () => {
    const [known, again] = [deferred<Known>(), deferred<Known>()];
    const claims = [known.promise, again.promise];
    const { store, told } = storeOf(() => claims.shift() as Promise<Known>);
    const settings = resumeSettings({ store });
    const first = connected({}, {}, settings);
    const claimed = first.resumption.claim(1, false);
    const [, window] = first.owner.split('.');
    first.host.isOver = true;
    const second = connected({ resume: from({ window, sent: 1 }) }, {}, settings);
    const repeated = second.resumption.claim(1, true);
    known.reject(new Error('away'));
    again.resolve('new');

    expect(await claimed).toBe(false);
    expect(await repeated).toBe(true);
    expect(told).toEqual([`release ${TAG} 1`]);
    expect([...first.frames, ...second.frames]).toEqual([]);
  });

  it('is given back when its line broke meanwhile', async () => {
    const known = deferred<Known>();
    const { store, told } = storeOf(() => known.promise);
    const { resumption, host, frames } = connected({}, { store });
    const claimed = resumption.claim(1, false);
    host.isOver = true;
    known.resolve('new');

    expect(await claimed).toBe(false);
    expect(told).toEqual([`release ${TAG} 1`]);
    expect(frames).toEqual([]);
  });

  it('is not taken for the one of that number that another process handles', async () => {
    const { store } = storeOf(() => Promise.resolve('begun'));
    const { resumption, frames } = connected({}, { store });

    expect(await resumption.claim(1, false)).toBe(false);
    expect(frames).toEqual(['-1;forgotten\n']);
  });

  it('is claimed anew by a repeat that waits for it, when another process handles it', async () => {
    const [late, again] = [deferred<Known>(), deferred<Known>()];
    const claims = [late.promise, again.promise];
    const { store, told } = storeOf(() => claims.shift() as Promise<Known>);
    const settings = resumeSettings({ store });
    const first = connected({}, {}, settings);
    // It comes late, on a line that the client has left, and after a repeat on another process.
    const claimed = first.resumption.claim(1, false);
    const second = connected({ resume: from({ sent: 1 }) }, {}, settings);
    const repeated = second.resumption.claim(1, true);
    late.resolve('begun');
    again.resolve({ header: '=1', encoded: 'there' });

    expect(await claimed).toBe(false);
    expect(await repeated).toBe(false);
    expect(second.frames).toEqual(['=1\nthere']);
    expect(told).toEqual([]);
  });
});

describe('a connection', () => {
  it('has a name of its own in the store, and the same for all that it does there', async () => {
    const { store, claimers } = storeOf(() => Promise.resolve('new'));
    const connections = [connected({}, { store }), connected({}, { store })];
    for (const [at, { resumption, host }] of connections.entries()) {
      for (const id of [1, 2]) await resumption.claim(id, false);
      resumption.settle(1, '=1', 'a');
      const late = resumption.claim(3, false);
      host.isOver = true;
      await late;

      expect(claimers.size).toBe(at + 1);
    }
    for (const claimer of claimers) expect(claimer).toMatch(/^[\w-]{13,}$/);
  });
});

describe('a message that is repeated where another user is', () => {
  const BOB = 'b'.repeat(22);
  const isNew = () => storeOf(() => Promise.resolve('new')).store;
  const [firstOf, wordOf] = [
    (tag: string) => from({ tag, sent: 2 }),
    (owner: string, sent: number) =>
      resumeFrameOf(JSON.stringify({ owner, sent, pushes: 0, places: {} })),
  ];

  it.each([
    ['another user', firstOf(BOB)],
    ['nobody that the client was told of', from({ tag: undefined, sent: 2 })],
  ])('is forgotten after %s, whatever the store says', (_, resume) => {
    const { resumption, frames } = connected({ resume }, { store: isNew() });

    expect([resumption.claim(1, true), resumption.claim(2, true)]).toEqual([false, false]);
    expect(frames).toEqual(['-1;forgotten\n', '-2;forgotten\n']);
  });

  it('is looked for in the store after the same user, and so is what comes then', async () => {
    const store = isNew();
    const same = connected({ resume: firstOf(TAG) }, { store }).resumption;
    const other = connected({ resume: firstOf(BOB) }, { store }).resumption;

    expect(await same.claim(2, true)).toBe(true);
    expect(await other.claim(3, true)).toBe(true);
    expect(await other.claim(4, false)).toBe(true);
  });

  it('stays forgotten on every line after that, in whichever process', async () => {
    const second = connected({ resume: firstOf(BOB) }, { store: isNew() });
    const third = connected({ resume: wordOf(second.owner, 3) }, { store: isNew() });
    const fourth = connected({ resume: wordOf(third.owner, 4) }, { store: isNew() });
    const back = connected({ tag: BOB, resume: wordOf(third.owner, 4) }, { store: isNew() });

    expect([third.owner, fourth.owner].map((owner) => owner.split('.')[2])).toEqual(['2', '2']);

    for (const { resumption, frames } of [third, fourth]) {
      expect(await resumption.claim(3, true)).toBe(true);
      expect(resumption.claim(2, true)).toBe(false);
      expect(frames).toEqual(['-2;forgotten\n']);
    }
    expect(back.resumption.claim(4, true)).toBe(false);
  });

  it('leaves the first owner as it was', () => {
    const { owner } = connected({}, { store: isNew() });
    const again = connected({ resume: wordOf(owner, 2) }, { store: isNew() }).owner;

    expect([owner, again].map((each) => each.split('.').length)).toEqual([2, 2]);
  });

  it('is forgotten where a process without the store may have had it', async () => {
    const first = connected({}, { store: isNew() });
    const without = connected({ resume: wordOf(first.owner, 1) });
    const third = connected({ resume: wordOf(without.owner, 3) }, { store: isNew() });
    const fourth = connected({ resume: wordOf(third.owner, 5) }, { store: isNew() });

    expect(without.owner.length).toBeLessThanOrEqual(64);
    expect([third.resumption.claim(1, true), third.resumption.claim(3, true)]).toEqual([
      false,
      false,
    ]);
    expect(third.frames).toEqual(['-1;forgotten\n', '-3;forgotten\n']);
    expect(await third.resumption.claim(4, false)).toBe(true);
    expect(fourth.resumption.claim(3, true)).toBe(false);
    expect(await fourth.resumption.claim(4, true)).toBe(true);
  });
});

describe('the places that a client tells', () => {
  /** One that asks for places. */
  const hub = {};

  const back = (): object => ({ resume: from({ places: new Map([['topic', '1-0']]) }) });

  it('are each good for one join', () => {
    const { resumption } = connected(back(), { ring: false });

    expect(resumption.take('topic', hub)).toBe('1-0');
    expect(resumption.take('topic', hub)).toBeUndefined();
  });

  it('are of one hub: a topic of the same name of another is a gap', () => {
    const { resumption } = connected(back(), { ring: false });

    expect(resumption.take('topic', hub)).toBe('1-0');
    expect(resumption.take('topic', {})).toBeNull();
    expect(resumption.take('topic', hub)).toBeUndefined();
  });

  it('leave a gap of each other topic, for so long', () => {
    const { resumption } = connected(back(), { ring: false });
    const late = connected({ ...back(), patience: 0 }, { ring: false }).resumption;

    expect(resumption.take('another', hub)).toBeNull();
    expect(late.take('another', hub)).toBeUndefined();
    expect(late.take('topic', hub)).toBe('1-0');
  });

  it('count for nothing in a program, and on a first line', () => {
    const program = connected({ ...back(), isContinued: false }, { ring: false });
    const first = connected({}, { ring: false });

    expect(program.resumption.take('topic', hub)).toBeUndefined();
    expect(first.resumption.take('topic', hub)).toBeUndefined();
  });
});

describe('what was sent outside of topics', () => {
  it('has numbers where it is kept, and none where nothing is', () => {
    expect(connected().resumption.push('a')).toBe(';push=1');
    expect(connected({}, { ring: false }).resumption.push('a')).toBe('');
    expect(connected({ tag: undefined }).resumption.push('a')).toBe('');
  });
});
