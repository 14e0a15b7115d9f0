/** From the frames of a browser to messages of the component. */
import { ApplicationError } from '../application/errors.ts';
import { dropRejection } from '../core/attempt.ts';
import { isPromise } from '../core/exchange.ts';
import { type Agreement, type Page } from './agreement.ts';
import { type ClientMessage } from './client-message.ts';
import { type ComponentOptions } from './component.ts';
import { type Due } from './pauses.ts';
import { type Branch } from './vdom/control-tree.ts';
import { isRefusal } from './vdom/event.ts';
import { type Element } from './vdom/node.ts';
import { findHandler } from './vdom/path.ts';

/** A view as a page shows it. */
export interface Snapshot<Message> {
  readonly view: Element<Message>;
  /** Its controls. */
  readonly branch: Branch | undefined;
}

/** Makes messages of the frames of pages. */
export class Incoming<Message> {
  readonly #options: ComponentOptions<Message> | undefined;
  readonly #agreement: Agreement;
  readonly #failed: (error: ApplicationError) => void;

  /** @param failed - called with an error of the user's decoders, unless it refuses the event */
  constructor(
    options: ComponentOptions<Message> | undefined,
    agreement: Agreement,
    failed: (error: ApplicationError) => void,
  ) {
    this.#options = options;
    this.#agreement = agreement;
    this.#failed = failed;
  }

  /**
   * The messages that the component makes of a frame, without those that it ignores.
   * @param page - the page that sends it
   */
  messagesOf(all: readonly Due<Message>[], page: Page): Message[] {
    const messages: Message[] = [];
    for (const { message: incoming, shown } of all) {
      try {
        const message = messageOf(incoming, this.#options, shown, this.#agreement, page);
        if (message !== undefined) messages.push(message);
      } catch (cause) {
        if (!isRefusal(cause)) this.#failed(new ApplicationError('event', { cause }));
      }
    }
    return messages;
  }
}

/**
 * @throws what the user's decoder throws; TypeError when it gives a promise
 */
function messageOf<Message>(
  incoming: ClientMessage,
  options: ComponentOptions<Message> | undefined,
  shown: Snapshot<Message> | undefined,
  agreement: Agreement,
  page: Page,
): Message | undefined {
  switch (incoming.kind) {
    case 'attribute':
      return settled(attributeOf(options, incoming.name)?.(incoming.value));
    case 'property':
      return settled(own(options?.properties, incoming.name)?.(incoming.value));
    case 'event': {
      if (shown === undefined) return undefined;
      const found = findHandler(shown.view, incoming.path, incoming.name);
      if (found === undefined) return undefined;
      const event = agreement.hear(page, shown.branch, found, incoming.event);
      if (event === undefined) return undefined;
      const { handler, toMessage } = found;
      const message = settled(handler.decode(event));
      return message === undefined ? undefined : (toMessage(message) as Message);
    }
  }
}

/**
 * The result of a decoder, which may not be asynchronous.
 * @throws TypeError for a promise, whose rejection is ignored
 */
function settled<Message>(made: Message | undefined): Message | undefined {
  if (!isPromise(made)) return made;
  // guard: a promise of a decoder is caught
  dropRejection(made);
  throw new TypeError('Expected a message, got a promise: decoders must not be asynchronous');
}

/** Browsers write the attributes of HTML in lower case. */
function attributeOf<Message>(
  options: ComponentOptions<Message> | undefined,
  name: string,
): ((value: string | null) => Message | undefined) | undefined {
  const { attributes } = options ?? {};
  if (attributes === undefined) return undefined;
  const exact = own(attributes, name);
  if (exact !== undefined) return exact;
  const known = Object.keys(attributes).find((each) => each.toLowerCase() === name);
  return known === undefined ? undefined : attributes[known];
}

/** Names are untrusted input: `constructor` is not found. */
function own<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
