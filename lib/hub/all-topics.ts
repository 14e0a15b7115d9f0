/**
 * The topic of an engine's own, whose notes concern all topics: a publisher that refused messages of
 * more topics than it remembers writes one there. Every process follows it.
 */
import { type BackplaneHub, type BackplaneLink } from './backplane.ts';
import { Feed } from './feed.ts';

/** Half of a character, which no topic of a user is. */
export const ALL_TOPICS = '\ud800';

/**
 * Makes of a hub the hub that an engine deals with: what concerns {@link ALL_TOPICS} goes no further
 * than here, but for the gaps.
 */
export function withAllTopics(
  hub: BackplaneHub,
  link: () => Pick<BackplaneLink, 'follow' | 'read'>,
): { readonly hub: BackplaneHub; readonly follow: () => void } {
  const feed = new Feed({
    topic: ALL_TOPICS,
    read: (after, limit) => link().read(ALL_TOPICS, after, limit, true),
    deliver: () => hub.gap(undefined, 'refused'),
    gap: (reason) => {
      // Each topic tells that by itself.
      if (reason !== 'engine') hub.gap(undefined, reason);
    },
    live: () => {},
  });
  const follow = (): void => {
    link()
      .follow(ALL_TOPICS)
      .then(
        (place) => feed.start(place, true),
        () => {},
      );
  };
  const without = (topics: Iterable<string>, found: () => void): string[] =>
    [...topics].filter((topic) => {
      if (topic !== ALL_TOPICS) return true;
      found();
      return false;
    });
  return {
    follow,
    hub: {
      ...hub,
      delivered: (topic, entry) => {
        if (topic === ALL_TOPICS) feed.pushed(entry);
        else hub.delivered(topic, entry);
      },
      interrupted: (topics) => hub.interrupted(without(topics, () => feed.interrupted())),
      resumed: (topics, isSame) => {
        hub.resumed(
          without(topics, () => feed.resumed(isSame)),
          isSame,
        );
      },
    },
  };
}
