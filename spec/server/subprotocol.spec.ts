import { describe, expect, it } from 'vitest';
import { chooseSubprotocol, type Subprotocols } from '../../lib/server/subprotocol.ts';
import { received } from '../support/received.ts';

/** What is chosen of an offer; none, where there is no header. */
async function chosen(
  offer: string | undefined,
  subprotocols?: Subprotocols,
): Promise<string | undefined> {
  const { request } = await received(
    offer === undefined ? {} : { 'sec-websocket-protocol': offer },
  );
  return chooseSubprotocol(request, subprotocols);
}

describe('the subprotocol', () => {
  it.each([
    ['omnimessage.1'],
    ['graphql-ws, omnimessage.1'],
    ['omnimessage.1, omnimessage.1.eyJ2IjoxfQ'],
    ['omnimessage.1.eyJ2IjoxfQ,omnimessage.1'],
  ])('of %s is ours, and nobody is asked', async (offer) => {
    const asked: unknown[] = [];

    expect(await chosen(offer, (given) => void asked.push(given))).toBe('omnimessage.1');
    expect(asked).toEqual([]);
  });

  it.each([[undefined], ['token'], ['omnimessage.1.eyJ2IjoxfQ'], ['omnimessage.10']])(
    'of %s is none, where nobody chooses',
    async (offer) => {
      expect(await chosen(offer)).toBeUndefined();
    },
  );

  it('is chosen by the user from the offer, in its order, without our parameter', async () => {
    const asked: (readonly string[])[] = [];
    const last: Subprotocols = (offered) => {
      asked.push(offered);
      return offered.at(-1);
    };

    expect(await chosen(' a ,omnimessage.1.x,, b', last)).toBe('b');
    expect(asked).toEqual([['a', 'b']]);
  });

  it.each([undefined, null])('is none where the user returns %s', async (nothing) => {
    expect(await chosen('a', () => nothing as undefined)).toBeUndefined();
  });

  it('is not called where nothing is offered', async () => {
    expect(await chosen(undefined, () => 'a')).toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ['another one', () => 'b'],
    ['our parameter', () => 'omnimessage.1.x'],
    ['a promise, whose rejection is caught', async () => Promise.reject(new Error('late'))],
    ['a number', () => 1],
  ])('must be one that was offered, and not %s', async (_name, answer) => {
    await expect(chosen('a, omnimessage.1.x', answer as Subprotocols)).rejects.toThrow(
      'Expected `subprotocols` to return one of the subprotocols that were offered, or undefined',
    );
  });
});
