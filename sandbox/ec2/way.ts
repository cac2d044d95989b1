/** How a request of a function inside a VPC comes to a service, or that it does not. */
import type { EndpointPolicyPort, WayPort } from '../ports.ts';
import type { Networks } from './networks.ts';

/**
 * The caller's network leads nowhere. In AWS its packets vanish and it waits for its own timeout; here the
 * connection is dropped at once.
 */
export class NoWayError extends Error {
  override readonly name = 'NoWayError';
  readonly code = 'ERR_SANDBOX_NO_WAY';
  readonly how: string;

  constructor(why: string) {
    super(`a function in a VPC calls what it cannot reach: ${why}`);
    this.how = why;
  }
}

export function waysThrough(networks: Networks, iam: EndpointPolicyPort): WayPort {
  return {
    wayOf(caller, service) {
      if (caller.placement === undefined) {
        return () => undefined;
      }
      const passage = networks.passage(caller.placement, service);
      if (!passage.reaches) {
        throw new NoWayError(passage.why);
      }
      const { policy } = passage;
      return (check) => {
        if (policy !== undefined) {
          iam.authorizeThrough(policy, caller, check);
        }
      };
    },
  };
}
