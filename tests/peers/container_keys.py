# Run by moto.sh: gives the keys of a file to whoever shows the token, as ECS and EKS do.
# usage: container_keys.py FILE TOKEN; prints its URL.
import http.server
import sys

answer = open(sys.argv[1], "rb").read()


class Keys(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.headers.get("Authorization") == sys.argv[2] and self.path == "/v1/credentials"
        body = answer if good else b'{"code":"AccessDenied","message":"not yours"}'
        self.send_response(200 if good else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(("127.0.0.1", 0), Keys)
print(f"http://127.0.0.1:{server.server_port}/v1/credentials", flush=True)
server.serve_forever()
