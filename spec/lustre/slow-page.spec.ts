/** Pages that read more slowly than their component shows. */
import { describe, expect, it } from 'vitest';
import {
  component,
  html,
  omniServerComponent,
  type ServerComponent,
  startServerComponent,
  text,
} from '../../lib/lustre.ts';
import { effect } from '../../lib/index.ts';
import { connect, type SocketClient } from '../support/socket-client.ts';
import { stacksOfThisRun as stacks } from '../support/stacks.ts';

/** A number beside a text that is of no other use than to be large, anew with each number. */
function board(size: number, still = 0): ServerComponent<number> {
  // One string for all views: it is compared by what it is, not by its characters.
  const same = 'x'.repeat(still);
  return startServerComponent(
    component<undefined, number, number>({
      init: () => [0, effect.none()],
      update: (_before, count) => [count, effect.none()],
      view: (count) =>
        html.div(
          [],
          [
            html.output([], [text(count)]),
            html.p([], [text(String(count % 10).repeat(size))]),
            html.p([], [text(same)]),
          ],
        ),
    }),
    undefined,
  );
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Shows so many numbers while the page reads nothing, and then has it read on. */
async function showUnread(
  page: SocketClient,
  shown: ServerComponent<number>,
  count: number,
): Promise<void> {
  page.socket.pause();
  for (let at = 1; at <= count; at++) {
    shown.dispatch(at);
    await turn();
  }
  page.socket.resume();
}

/** The kinds of the frames up to the one that shows a number. */
async function kindsUntil(page: SocketClient, count: number): Promise<readonly number[]> {
  const kinds: number[] = [];
  for (;;) {
    const frame = String(await page.next());
    kinds.push((JSON.parse(frame) as { kind: number }).kind);
    if (frame.includes(`"content":"${count}"`)) return kinds;
  }
}

describe.each(stacks)('a page that is too far behind, on %s', (_, serveOn) => {
  const open = async (shown: ServerComponent<number>): Promise<SocketClient> => {
    const limits = { highWaterMark: 50_000, maxBuffered: 100_000 };
    const url = await serveOn(omniServerComponent({ shared: () => shown, ...limits }));
    return await connect(url);
  };

  it('is not closed: it is shown the whole view once it has caught up, and then goes on', async () => {
    const shown = board(60_000);
    const page = await open(shown);
    await page.next();

    await showUnread(page, shown, 500);
    const kinds = await kindsUntil(page, 500);
    expect(kinds.at(-1)).toBe(0);
    // Of 500 patches the page has missed most.
    expect(kinds.length).toBeLessThan(400);
    expect(kinds.filter((kind) => kind === 0)).toHaveLength(1);

    shown.dispatch(501);
    expect(await kindsUntil(page, 501)).toEqual([1]);
    shown.stop();
  });

  it('is not one whose first view is large: the patches that follow it wait behind it', async () => {
    const shown = board(1, 12_000_000);
    const page = await open(shown);

    await showUnread(page, shown, 100);
    const kinds = await kindsUntil(page, 100);

    expect(kinds).toEqual([0, ...kinds.slice(1).map(() => 1)]);
    shown.stop();
  });
});
