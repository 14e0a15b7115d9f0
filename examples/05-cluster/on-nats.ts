/** The messages in a stream of NATS (JetStream): each has a subject of its own, with one entry. */
import { jetstream, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsBackplane } from 'express-omnimessage/nats';
import { type Engine, type EngineOptions } from './engine.ts';

/** Something else is there already: the code of JetStream. */
const WRONG_LAST_SEQUENCE = 10_071;

export async function onNats({ url, prefix, onError, onBack }: EngineOptions): Promise<Engine> {
  const servers = new URL(url).host;
  // Names of streams have fewer characters than keys of Redis.
  const name = prefix.replaceAll(/[^\w-]/g, '-');
  const stream = `${name}-messages`;
  const connection = await connect({ servers, maxReconnectAttempts: -1 });
  const manager = await jetstreamManager(connection);
  const js = jetstream(connection);
  await manager.streams.add({
    name: stream,
    subjects: [`${stream}.*`],
    max_msgs_per_subject: 1,
    allow_direct: true,
  });
  const subjectOf = (id: string): string => `${stream}.${Buffer.from(id).toString('base64url')}`;
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') onError(new Error('NATS is away'));
      if (type === 'reconnect') onBack();
    }
  })();
  return {
    table: {
      add: async (id, value) => {
        try {
          await js.publish(subjectOf(id), value, { expect: { lastSubjectSequence: 0 } });
        } catch (error) {
          const isThere = error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE;
          if (!isThere) throw error;
        }
      },
      remove: async (ids) => {
        await Promise.all(
          ids.map((id) => manager.streams.purge(stream, { filter: subjectOf(id) })),
        );
      },
      values: async () => {
        const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
        const found = await Promise.all(
          Object.keys(state.subjects ?? {}).map((subject) =>
            manager.direct.getMessage(stream, { last_by_subj: subject }),
          ),
        );
        return found.flatMap((entry) => (entry === null ? [] : [entry.string()]));
      },
    },
    backplane: natsBackplane({ servers, prefix: `${name}-hub` }),
    close: () => connection.close(),
  };
}
