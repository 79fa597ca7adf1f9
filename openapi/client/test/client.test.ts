import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, createClient, type Tokens } from "../src/index.js";

const json = (status: number, body: unknown, type = "application/json"): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": type } });

const problem = (status: number, extra: object = {}): Response =>
  json(
    status,
    { type: "about:blank", title: "Refused", status, code: "refused", detail: "No.", request_id: "r", ...extra },
    "application/problem+json",
  );

test("an ended access token is renewed once, however many requests find it ended", async () => {
  let refreshes = 0;
  const kept: (Tokens | undefined)[] = [];
  const client = createClient({
    baseUrl: "http://server.test/",
    tokens: { access_token: "old", refresh_token: "r1" },
    onTokens: (tokens) => kept.push(tokens),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      if (request.url.endsWith("/auth/refresh")) {
        refreshes += 1;
        assert.deepEqual(await request.json(), { refresh_token: "r1" });
        return json(200, { access_token: "new", refresh_token: "r2" });
      }
      if (request.headers.get("authorization") !== "Bearer new") return problem(401);
      return json(200, { items: [] });
    },
  });
  const answers = await Promise.all([1, 2, 3].map(() => client.GET("/sites")));
  assert.equal(refreshes, 1);
  assert.deepEqual(answers.map((answer) => answer.data?.items), [[], [], []]);
  assert.deepEqual(kept, [{ access_token: "new", refresh_token: "r2" }]);
});

test("a login that has ended is forgotten, and the refusal is an ApiError", async () => {
  const kept: (Tokens | undefined)[] = [];
  const client = createClient({
    baseUrl: "http://server.test",
    tokens: { access_token: "old", refresh_token: "r1" },
    onTokens: (tokens) => kept.push(tokens),
    fetch: async () => problem(401),
  });
  await assert.rejects(client.GET("/sites"), (error: unknown) => error instanceof ApiError && error.status === 401);
  assert.deepEqual(kept, [undefined]);
});

test("a refused body names its fields", async () => {
  const client = createClient({
    baseUrl: "http://server.test",
    apiKey: "igy_k",
    fetch: async (input, init) => {
      assert.equal(new Request(input, init).headers.get("authorization"), "ApiKey igy_k");
      return problem(422, { errors: [{ field: "name", message: "must not be empty" }] });
    },
  });
  await assert.rejects(
    client.POST("/sites", { body: { name: "", site_type: "blog" } }),
    (error: unknown) => error instanceof ApiError && error.fields["name"] === "must not be empty",
  );
});
