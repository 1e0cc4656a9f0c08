/** Fetches on behalf of another process, from the namespace that this one runs in. */
import { createInterface } from "node:readline";

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, url, ...request } = JSON.parse(line);
  const say = (answer) => process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(10_000) });
    say({ status: answer.status, text: await answer.text() });
  } catch (error) {
    say({ error: `${error} ${error.cause ?? ""}` });
  }
});
