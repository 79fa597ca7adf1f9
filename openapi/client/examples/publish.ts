/**
 * From a login to a page that a visitor can read: makes a site with a post, publishes it, deploys, waits for the job and
 * prints the URL.
 *
 *   npm run build
 *   IGNY8_URL=http://localhost:8080 IGNY8_EMAIL=… IGNY8_PASSWORD=… node dist/examples/publish.js
 *
 * IGNY8_TOKEN, an access token, takes the place of mail address and password.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { createClient, login } from "../src/index.js";

const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`set ${name}`);
  return value;
};

const baseUrl = process.env["IGNY8_URL"] ?? "http://localhost:8080";
const token = process.env["IGNY8_TOKEN"];
const tokens =
  token === undefined
    ? await login(baseUrl, setting("IGNY8_EMAIL"), setting("IGNY8_PASSWORD"))
    : { access_token: token, refresh_token: "" };
const client = createClient({ baseUrl, tokens });

const { data: site } = await client.POST("/sites", { body: { name: "Harbour notes", site_type: "blog" } });
if (site === undefined) throw new Error("no site");
const site_id = site.id;

const { data: post, response: created } = await client.POST("/sites/{site_id}/content", {
  params: { path: { site_id } },
  body: {
    content_type: "post",
    title: "Tide tables for beginners",
    meta_description: "How to read a tide table before you walk out on the sand, with one worked example.",
    body: "High water comes about 50 minutes later each day.\n\nRead the *height* first, then the time.\n",
  },
});
const version = created.headers.get("etag");
if (post === undefined || version === null) throw new Error("no post");

await client.POST("/sites/{site_id}/content/{content_id}/status", {
  params: { path: { site_id, content_id: post.id }, header: { "If-Match": version } },
  body: { status: "published", force: true },
});

const { data: asked } = await client.POST("/sites/{site_id}/deployments", {
  params: { path: { site_id } },
  body: { force: true },
});
if (asked === undefined) throw new Error("no deployment");

for (;;) {
  const { data: now } = await client.GET("/sites/{site_id}/deployments/{deployment_id}", {
    params: { path: { site_id, deployment_id: asked.id } },
  });
  if (now?.status === "failed") throw new Error(`the deployment failed: ${now.error ?? ""}`);
  if (now?.status === "deployed") break;
  await sleep(200);
}
console.log(`${baseUrl}/sites/${site.slug}${post.path}`);
