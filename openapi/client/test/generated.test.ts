import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

// dist/test/… → the package's folder.
const root = fileURLToPath(new URL("../..", import.meta.url));

test("the committed types are those of openapi.json", () => {
  const folder = mkdtempSync(join(tmpdir(), "igny8-client-"));
  try {
    const out = join(folder, "schema.ts");
    const generator = join(root, "node_modules", "openapi-typescript", "bin", "cli.js");
    execFileSync(process.execPath, [generator, "../openapi.json", "--alphabetize", "--output", out], {
      cwd: root,
      stdio: "pipe",
    });
    const same = readFileSync(out, "utf8") === readFileSync(join(root, "src", "schema.ts"), "utf8");
    assert.ok(same, "src/schema.ts is out of date; run `make openapi`");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
