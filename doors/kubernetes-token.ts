/**
 * Who calls an EKS cluster: a presigned GetCallerIdentity of STS, which the cluster sends and thereby learns whose
 * signature it is. That the cluster's name is signed with it makes it good for that cluster alone.
 * @see https://github.com/kubernetes-sigs/aws-iam-authenticator "API Authorization from Outside a Cluster"
 * @see https://docs.aws.amazon.com/cli/latest/reference/eks/get-token.html
 */
import type { EKSClient } from '@aws-sdk/client-eks';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from './node-sha256.ts';

/** As `aws eks get-token` signs it. STS takes it for fifteen minutes all the same (aws-iam-authenticator, Verify). */
const expiresIn = 60;

/** @param client its region and credentials are those of the token */
export async function clusterToken(
  client: EKSClient,
  cluster: string,
  environment: NodeJS.ProcessEnv,
  signingDate: Date,
): Promise<string> {
  const region = await client.config.region();
  const { protocol, host } = stsAt(client, region, environment);
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials: client.config.credentials,
    sha256: Sha256,
  });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol,
      hostname: host,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-k8s-aws-id': cluster },
    },
    { signingDate, expiresIn },
  );
  const search = new URLSearchParams(query as Record<string, string>);
  const url = `${protocol}//${host}/?${search}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

/** The regional endpoint of STS: its domain is that of EKS in every partition, and the SDK knows EKS's. */
function stsAt(client: EKSClient, region: string, environment: NodeJS.ProcessEnv): URL {
  const standIn = environment.AWS_ENDPOINT_URL_STS || environment.AWS_ENDPOINT_URL;
  if (standIn) return new URL(standIn);
  const { url } = client.config.endpointProvider({ Region: region });
  return new URL(url.href.replace('://eks.', '://sts.'));
}
