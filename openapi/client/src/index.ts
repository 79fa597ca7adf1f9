/**
 * A typed client of the IGNY8 API. Paths, parameters and bodies are checked against the generated `schema.ts`; this file
 * adds what a description cannot say: keeping a login alive, and failures as one error type.
 */
import createFetchClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";
export type Schemas = components["schemas"];

/** The problem document of a failed request (RFC 9457). */
export type ProblemDocument = Schemas["Problem"];

/** A failed request. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status. */
    readonly status: number,
    /** What the server said, if it was a problem document. */
    readonly problem: ProblemDocument | undefined,
    readonly url: string,
  ) {
    super(`${status} ${problem?.title ?? "failed"}: ${problem?.detail ?? url}`);
  }

  /** The fields that were refused, with the reason, after a 422. */
  get fields(): Record<string, string> {
    const errors = this.problem?.errors ?? [];
    return Object.fromEntries(errors.map((error) => [error.field, error.message]));
  }
}

/** What a login gives. */
export interface Tokens {
  access_token: string;
  refresh_token: string;
}

export interface Options {
  /** Address of the server: `http://localhost:8080`. */
  baseUrl: string;
  /** An API key (`igy_…`), for programs. */
  apiKey?: string;
  /** Tokens of an earlier login. */
  tokens?: Tokens;
  /** Called with new tokens after a login or refresh, to keep them. */
  onTokens?: (tokens: Tokens | undefined) => void;
  /** In place of the platform's. */
  fetch?: typeof globalThis.fetch;
}

/** A client that renews its login by itself. */
export interface IgnyClient extends Client<paths> {
  /** Takes the tokens of a login or registration into use; `undefined` forgets them. */
  setTokens(tokens: Tokens | undefined): void;
}

/** Makes a client. Every method rejects with {@link ApiError} when the server refuses; `data` is there otherwise. */
export function createClient(options: Options): IgnyClient {
  const root = options.baseUrl.replace(/\/+$/, "");
  const send = options.fetch ?? globalThis.fetch;
  let tokens = options.tokens;
  let renewal: Promise<Tokens | undefined> | undefined;

  const take = (next: Tokens | undefined): void => {
    tokens = next;
    options.onTokens?.(next);
  };

  /** One refresh at a time: a refresh token is good for one use. */
  const renew = (): Promise<Tokens | undefined> => {
    renewal ??= (async () => {
      const answer = await send(`${root}/api/v1/auth/refresh`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ refresh_token: tokens?.refresh_token }),
      });
      const next = answer.ok ? ((await answer.json()) as Tokens) : undefined;
      // A server that is busy has not ended the login.
      if (next !== undefined || answer.status === 401) take(next);
      return next;
    })().finally(() => {
      renewal = undefined;
    });
    return renewal;
  };

  const authorized = async (request: Request): Promise<Response> => {
    const credential =
      options.apiKey !== undefined ? `ApiKey ${options.apiKey}` : tokens && `Bearer ${tokens.access_token}`;
    // Kept before the body is read, for a second try.
    const again = options.apiKey === undefined && tokens !== undefined ? request.clone() : undefined;
    if (credential !== undefined) request.headers.set("authorization", credential);
    const answer = await send(request);
    if (answer.status !== 401 || again === undefined || request.url.includes("/auth/")) return answer;
    const next = await renew();
    if (next === undefined) return answer;
    again.headers.set("authorization", `Bearer ${next.access_token}`);
    return send(again);
  };

  const failing: Middleware = {
    async onResponse({ request, response }) {
      if (response.ok) return undefined;
      const type = response.headers.get("content-type") ?? "";
      const problem = type.includes("problem+json") ? ((await response.json()) as ProblemDocument) : undefined;
      throw new ApiError(response.status, problem, request.url);
    },
  };

  const client = createFetchClient<paths>({ baseUrl: `${root}/api/v1`, fetch: authorized });
  client.use(failing);
  return Object.assign(client, { setTokens: take });
}

/** Logs in with mail address and password. */
export async function login(baseUrl: string, email: string, password: string): Promise<Tokens> {
  const url = `${baseUrl.replace(/\/+$/, "")}/api/v1/auth/login`;
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => undefined);
    throw new ApiError(answer.status, problem as ProblemDocument | undefined, url);
  }
  return (await answer.json()) as Tokens;
}
