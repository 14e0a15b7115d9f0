/** The entry point `express-omnimessage/nats`: the backplane on NATS JetStream. */
export {
  natsBackplane,
  type NatsBackplaneOptions,
  type NatsLogOptions,
} from './hub/nats/backplane.ts';
