"""A double of the Hugging Face Hub: its HTTP interface, as far as publishing and loading need it.

The unmodified client and the `hf` command talk to it. Large files take the Xet route, as on the real
Hub; the store behind it is a folder, which the client's own library reads and writes. A repository
is a list of commits, each a dictionary from path to file.
"""

import hashlib
import json
import re
import struct
from base64 import b64decode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

TOKENS = {"hf_write": ("write", "paid"), "hf_read": ("read", "paid"), "hf_free": ("write", "free"),
          "hf_full": ("write", "full")}  # fmt: skip
"""What may be done with each, and its owner's plan: "full" has no place left on ZeroGPU."""


class Answer(Exception):
    """Ends a request: a status, a body, headers."""

    def __init__(self, status=200, body=b"", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        super().__init__(status, body, {k.replace("_", "-"): str(v) for k, v in headers.items()})


class Hub(ThreadingHTTPServer):
    """Listens on a free port of this machine. `store` is the folder of the large files."""

    def __init__(self, store):
        super().__init__(("127.0.0.1", 0), Request)
        self.store, self.repos, self.log = store, {}, []
        self.out_of_order = None  # a regular expression: requests that are answered with 500
        self.url = f"http://127.0.0.1:{self.server_port}"


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(self.path.partition("?")[0])
        self.server.log.append(f"{self.command} {path}")
        self.token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.role, self.plan = TOKENS.get(self.token, (None, None))
        try:
            if self.server.out_of_order and re.search(
                self.server.out_of_order, self.server.log[-1]
            ):
                raise Answer(500)
            if self.token and not self.role:
                raise Answer(401, {"error": "Invalid username or password."})
            found = ((answer, re.fullmatch(route, path)) for route, answer in ROUTES.items())
            reply = next((a(self, content, **m.groupdict()) for a, m in found if m), Answer(404))
        except Answer as refusal:
            reply = refusal
        status, body, headers = reply.args
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_):
        pass

    def repo(self, kind, name, write=False):
        found = self.server.repos.get((kind, name))
        if found is None or (found["private"] and not self.role):
            raise Answer(404 if self.role else 401, X_Error_Code="RepoNotFound")
        self.may_write(write)
        return found

    def may_write(self, write=True):
        if write and self.role != "write":
            raise Answer(403, {"error": "You must use a write token"})

    def commit(self, kind, name, revision):
        """(its number, its id, its files)."""
        repo = self.repo(kind, name)
        ids = [sha for sha, _ in repo["commits"]]
        sha = repo["tags"].get(revision, ids[-1] if revision == "main" else revision)
        if sha not in ids:
            raise Answer(404, X_Error_Code="RevisionNotFound")
        return sha, dict(repo["commits"])[sha]

    def whoami(self, _):
        if not self.role:
            raise Answer(401)
        access = {"displayName": "test", "role": self.role}
        return Answer(200, {"type": "user", "name": "someone", "orgs": [{"name": "lab"}],
                           "isPro": self.plan == "paid", "auth": {"accessToken": access}})  # fmt: skip

    def create(self, content):
        self.may_write()
        wanted = json.loads(content)
        kind, name = wanted.get("type") or "model", f"{wanted['organization']}/{wanted['name']}"
        if wanted["organization"] not in ("someone", "lab"):
            raise Answer(403, {"error": "You don't have the rights to create a model under it"})
        sdk, hardware = wanted.get("sdk"), wanted.get("hardware")
        if sdk == "gradio" and hardware == "zero-a10g" and self.plan == "full":
            raise Answer(403, {"error": "You have reached your ZeroGPU quota"})
        if sdk == "gradio" and hardware is None and self.plan != "paid":
            raise Answer(402, {"error": "Gradio Spaces on cpu-basic require a PRO subscription"})
        url = {"url": f"{self.server.url}/{'spaces/' * (kind == 'space')}{name}", "name": name}
        if (kind, name) in self.server.repos:
            raise Answer(409, url)
        private = wanted.get("visibility") == "private" or wanted.get("private", False)
        commits = [(hashlib.sha1(f"{kind} {name}".encode()).hexdigest(), {})]
        self.server.repos[kind, name] = {"private": private, "tags": {}, "commits": commits,
                                          "sdk": sdk, "hardware": hardware}  # fmt: skip
        return Answer(200, url)

    def preupload(self, content, kind, name, revision):
        self.repo(kind, name, write=True)
        _, files = self.commit(kind, name, revision)
        return Answer(200, {"files": [
            {"path": f["path"], "shouldIgnore": False, "oid": files.get(f["path"], {}).get("oid"),
             "uploadMode": "lfs" if f["path"].endswith((".safetensors", ".onnx", ".png")) else "regular"}
            for f in json.loads(content)["files"]
        ]})  # fmt: skip

    def batch(self, content, **_):
        """How clients before 1.20 or so ask which route to take."""
        objects = json.loads(content)["objects"]
        return Answer(200, {"transfer": "xet", "objects": [o | {"actions": {}} for o in objects]})

    def add(self, content, kind, name, revision):
        repo = self.repo(kind, name, write=True)
        files = dict(self.commit(kind, name, revision)[1])
        for line in map(json.loads, content.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                data = b64decode(value["content"])
                oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
                files[value["path"]] = {"oid": oid, "size": len(data), "data": data}
            elif line["key"] == "lfsFile":
                files[value["path"]] = {"oid": value["oid"], "size": value["size"], "data": None}
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        state = [len(repo["commits"]), sorted((path, f["oid"]) for path, f in files.items())]
        sha = hashlib.sha1(json.dumps(state).encode()).hexdigest()
        repo["commits"].append((sha, files))
        return Answer(200, {"success": True, "commitOid": sha, "commitUrl": f"{name}/commit/{sha}"})

    def tag(self, content, kind, name, revision):
        tags, tag = self.repo(kind, name, write=True)["tags"], json.loads(content)["tag"]
        if tag in tags:
            raise Answer(409)
        tags[tag] = self.commit(kind, name, revision)[0]
        return Answer()

    def refs(self, _, kind, name):
        repo = self.repo(kind, name)
        head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo["commits"][-1][0]}
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": sha}
                for tag, sha in repo["tags"].items()]  # fmt: skip
        return Answer(200, {"branches": [head], "tags": tags, "converts": []})

    def hardware(self, content, name):
        """What a Space runs on; or, with a body, is to."""
        repo = self.repo("space", name, write=bool(content))
        if content:
            repo["hardware"] = json.loads(content)["flavor"]
        hardware = {"current": None, "requested": repo["hardware"] or "cpu-basic"}
        return Answer(200, {"stage": "BUILDING", "hardware": hardware})

    def info(self, _, kind, name, revision="main"):
        sha, files = self.commit(kind, name, revision)
        siblings = [{"rfilename": path} for path in files]
        return Answer(200, {"id": name, "modelId": name, "sha": sha, "siblings": siblings, "tags": [],
                           "private": self.repo(kind, name)["private"], "downloads": 0,
                           "sdk": self.repo(kind, name)["sdk"]})  # fmt: skip

    def tree(self, _, kind, name, revision):
        _, files = self.commit(kind, name, revision)
        return Answer(200, [{"type": "file", "path": path, "oid": f["oid"], "size": f["size"]}
                           for path, f in files.items()])  # fmt: skip

    def resolve(self, _, space, name, revision, file):
        kind = "space" if space else "model"
        sha, files = self.commit(kind, name, revision)
        if file not in files:
            raise Answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=sha)
        entry = files[file]
        headers = {"X_Repo_Commit": sha, "ETag": f'"{entry["oid"]}"'}
        if entry["data"] is None:
            route = f"{self.server.url}/api/{kind}s/{name}/xet-read-token/{sha}"
            headers |= {"X_Xet_Hash": self.xet_hash(entry["oid"]), "X_Xet_Refresh_Route": route,
                        "X_Linked_Size": entry["size"], "X_Linked_ETag": headers["ETag"]}  # fmt: skip
        return Answer(200, entry["data"] or b"", **headers)

    def xet_token(self, *_, **__):
        url, end = f"local://{self.server.store}", 9_999_999_999
        return Answer(200, {"casUrl": url, "accessToken": "x", "exp": end},
                     X_Xet_Cas_Url=url, X_Xet_Access_Token="x", X_Xet_Token_Expiration=end)  # fmt: skip

    def xet_hash(self, sha256):
        """By the shards in the store: of each file its own hash, its segments, its SHA-256."""
        for path in self.server.store.rglob("shards/*.mdb"):
            shard, place = path.read_bytes(), 48
            while shard[place : place + 32] != b"\xff" * 32:
                name, flags, segments = struct.unpack_from("<32s2I", shard, place)
                place += 48 * (1 + segments * (1 + (flags >> 31)))
                if flags >> 30 & 1:
                    if _words(shard[place : place + 32]) == sha256:
                        return _words(name)
                    place += 48
        raise Answer(500, {"error": f"nobody has uploaded {sha256}"})


def _words(digest):
    """As text: four numbers of 64 bits, the lowest byte of each stored first."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", digest))


_REPO = r"/api/(?P<kind>model|space)s/(?P<name>[^/]+/[^/]+)"
ROUTES = {
    r"/api/whoami-v2": Request.whoami,
    r"/api/repos/create": Request.create,
    r"/api/validate-yaml": lambda *_: Answer(200, {"errors": [], "warnings": []}),
    _REPO: Request.info,
    r"/api/spaces/(?P<name>[^/]+/[^/]+)/(runtime|hardware)": Request.hardware,
    _REPO + r"/revision/(?P<revision>.+)": Request.info,
    _REPO + r"/preupload/(?P<revision>.+)": Request.preupload,
    _REPO + r"/commit/(?P<revision>.+)": Request.add,
    _REPO + r"/tag/(?P<revision>.+)": Request.tag,
    _REPO + r"/refs": Request.refs,
    _REPO + r"/tree/(?P<revision>.+)": Request.tree,
    _REPO + r"/xet-(read|write)-token/.*": Request.xet_token,
    r"/(spaces/)?[^/]+/[^/]+\.git/info/lfs/objects/batch": Request.batch,
    r"/(?P<space>spaces/)?(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)":
        Request.resolve,
}  # fmt: skip


@contextmanager
def serve(store):
    """The double, while the block lasts."""
    hub = Hub(store)
    thread = Thread(target=hub.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()
