// A built folder, served on this machine as the server serves it: compressed, its assets for ever.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { createGzip } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml",
  ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif", ".xml": "application/xml",
  ".txt": "text/plain; charset=utf-8",
};

export const chrome = process.env.CHROME ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);

// The server and where it is: at PORT, or at any.
export const serve = async (dir) => {
  const server = createServer((request, answer) => {
    const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
    let file = join(dir, normalize(path));
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
    let status = 200;
    if (!existsSync(file)) [file, status] = [join(dir, "404.html"), 404];
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const head = { "content-type": type, "cache-control": path.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache" };
    const zip = /^text|json|xml/.test(type);
    if (zip) head["content-encoding"] = "gzip";
    answer.writeHead(status, head);
    const bytes = createReadStream(file);
    (zip ? bytes.pipe(createGzip()) : bytes).pipe(answer);
  });
  await new Promise((done) => server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", done));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
};
