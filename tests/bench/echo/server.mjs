/** A bare echo server on a free port of loopback; prints the port. Ends with its standard input. */
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
process.stdin.on("end", () => process.exit()).resume();
