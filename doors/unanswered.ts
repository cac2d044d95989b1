/**
 * What a call says that got no answer. In a subnet without a way to the endpoint there is no error but
 * silence, so the message names what a person has to look at: the endpoint, and the function's own network.
 */
/** Set by the deployment for functions in a VPC: its name, the VPC and the security group. */
export function networkOf(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { NETWORK } = environment;
  // Printed in errors, so it has to look like what the deployment writes.
  return NETWORK !== undefined && /^[\w-]{1,40} \([\w-]{1,60}, [\w-]{1,60}\)$/.test(NETWORK)
    ? NETWORK
    : undefined;
}

export interface Destination {
  /** Signing name, e.g. "kms"; absent when the request was never signed. */
  readonly service?: string | undefined;
  /** Host and port, e.g. "kms.eu-west-1.amazonaws.com:443". */
  readonly endpoint?: string | undefined;
}

/** An error on the wire, with where the request was meant to go; name and code stay, for the SDK's retries. */
class WireError extends Error {
  override readonly name: string;
  readonly code: string | undefined;
  readonly destination: Destination;

  constructor(thrown: unknown, destination: Destination) {
    const { name = 'Error', code, message } = Object(thrown) as Partial<WireError>;
    super(message, { cause: thrown });
    this.name = name;
    this.code = code;
    this.destination = destination;
  }
}

/** Where the request went that this error ended, if it went out by a client with `namesDestination`. */
export function destinationIn(error: unknown): Destination {
  return error instanceof WireError ? error.destination : {};
}

interface Request {
  readonly protocol?: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface Handler {
  handle(request: Request, options?: object): Promise<object>;
}

/** Of an SDK client's configuration, what an extension may exchange. */
interface ClientConfiguration {
  httpHandler(): Handler;
  setHttpHandler(handler: Handler): void;
}

/** Extension of an SDK client: an error on the wire says which host the request was meant for. */
export const namesDestination = {
  configure(client: ClientConfiguration): void {
    const handler = client.httpHandler();
    const handle: Handler['handle'] = async (request, options) => {
      try {
        return await handler.handle(request, options);
      } catch (error) {
        throw new WireError(error, destinationOf(request));
      }
    };
    // Everything else of the handler stays its own.
    client.setHttpHandler(Object.assign(Object.create(handler) as Handler, { handle }));
  },
};

function destinationOf({ protocol, hostname, port, headers }: Request): Destination {
  const scope = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(
    headers.authorization ?? '',
  );
  return {
    service: scope?.[1],
    endpoint: `${hostname}:${port ?? (protocol === 'http:' ? 80 : 443)}`,
  };
}
