/** A trail that is looked for in the wrong place, and regions that are none of replicas. */
import { type Mistake, one } from './document.ts';

const bucket = 'example-audit-trail';

export const trail: readonly Mistake[] = [
  [
    'a prefix that goes on into AWSLogs',
    (c) => {
      c.trail = { bucket, prefix: 'trails/AWSLogs' };
    },
    one(/^trail\.prefix: found "trails\/AWSLogs"; expected what stands before AWSLogs\//),
  ],
  [
    'a prefix with a slash at its end',
    (c) => {
      c.trail = { bucket, prefix: 'trails/' };
    },
    one(/^trail\.prefix: .*no slash at either end/),
  ],
  [
    'replicas in the region of the deployment',
    (c) => {
      c.replicaRegions = ['eu-central-1', 'eu-west-1'];
    },
    one(/^replicaRegions\.1: found "eu-west-1", where the deployment itself stands/),
  ],
  [
    'a region of replicas twice',
    (c) => {
      c.replicaRegions = ['eu-central-1', 'eu-central-1'];
    },
    one(/^replicaRegions\.1: found "eu-central-1" again/),
  ],
];
