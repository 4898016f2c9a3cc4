"""A loopback Hugging Face Hub: the REST subset that huggingface_hub 2.x speaks when Xet is off.

Clients need HF_ENDPOINT=http://127.0.0.1:PORT, HF_HUB_DISABLE_XET=1, HF_TOKEN and a fresh HF_HOME in their
environment before they import huggingface_hub. It proves that our calls work with the real client, not how the
real Hub behaves.
"""

import asyncio
import base64
import fnmatch
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

LFS_OVER = int(os.environ.get("LFS_OVER", 10_000_000))
LFS_GLOBS = (
    ()
    if "LFS_OVER" in os.environ
    else ("*.safetensors", "*.bin", "*.parquet", "*.arrow", "*.zip", "*.pt", "*.pth", "*.onnx", "*.mp4")
)


def git_sha(b):
    return hashlib.sha1(b"blob %d\0" % len(b) + b).hexdigest()


class Store:
    def __init__(self, root):
        self.root = Path(root)
        (self.root / "blobs").mkdir(parents=True, exist_ok=True)
        self.db = self.root / "repos.json"
        self.repos = json.loads(self.db.read_text()) if self.db.exists() else {}

    def save(self):
        tmp = self.db.with_suffix(".tmp")
        tmp.write_text(json.dumps(self.repos))
        os.replace(tmp, self.db)

    def blob(self, sha):
        return self.root / "blobs" / sha

    def put(self, data):
        sha = hashlib.sha256(data).hexdigest()
        self.blob(sha).write_bytes(data)
        return sha

    def commit(self, repo, files, message, rev="main"):
        oid = hashlib.sha1(json.dumps([files, message, time.time_ns()]).encode()).hexdigest()
        repo["commits"][oid] = {
            "files": files,
            "title": message,
            "date": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        }
        repo["refs"][rev] = oid
        repo["log"].insert(0, oid)
        self.save()
        return oid


def error(status, code, message):
    return JSONResponse({"error": message}, status, headers={"X-Error-Code": code, "X-Error-Message": message})


class Fail(Exception):
    def __init__(self, *a):
        self.response = error(*a)


# What is answered to everything about the model refused/NAME.
REFUSALS = {
    "bad-token": (401, "", "Invalid credentials in Authorization header"),
    "private": (401, "RepoNotFound", "Repository not found"),
    "gated": (403, "GatedRepo", "Access to model refused/gated is restricted"),
    "forbidden": (403, "", "Forbidden"),
    "busy": (429, "", "Too many requests"),
    "broken": (503, "", "Service unavailable"),
    "teapot": (418, "", "I am a teapot"),
    "page": (200, "", "<html>Please log in to this network</html>"),
}


def make_app(root, download_delay_s=0.0):
    st = Store(root)

    def find(req):  # -> (type, id, repo)
        p = req.path_params
        if p.get("ns") == "refused":
            raise Fail(*REFUSALS[p["name"]])
        kind, rid = p.get("kind", "models"), f"{p['ns']}/{p['name']}" if "ns" in p else p["name"]
        if f"{kind}/{rid}" not in st.repos:
            raise Fail(404, "RepoNotFound", "Repository not found")
        return kind, rid, st.repos[f"{kind}/{rid}"]

    def at(repo, rev):  # -> (commit oid, {path: entry})
        rev = unquote(rev)
        oid = (
            repo["refs"].get(rev)
            or repo.get("tags", {}).get(rev)
            or next((c for c in repo["commits"] if len(rev) >= 7 and c.startswith(rev)), None)
        )
        if oid is None:
            raise Fail(404, "RevisionNotFound", f"Invalid rev id: {rev}")
        return oid, repo["commits"][oid]["files"]

    def need_token(req):
        if not req.headers.get("authorization"):
            raise Fail(401, "", "Invalid username or password.")

    def entry(path, e):
        d = {"type": "file", "path": path, "size": e["size"], "oid": e["oid"]}
        if e["lfs"]:
            d["lfs"] = {"oid": e["sha256"], "size": e["size"], "pointerSize": 134}
        return d

    async def whoami(req):
        need_token(req)
        return JSONResponse(
            {
                "type": "user",
                "id": "0",
                "name": "tester",
                "fullname": "tester",
                "email": None,
                "canPay": False,
                "isPro": False,
                "orgs": [],
                "auth": {"type": "access_token", "accessToken": {"displayName": "t", "role": "write"}},
            }
        )

    async def create(req):
        need_token(req)
        b = await req.json()
        kind, ns = (b.get("type") or "model") + "s", b.get("organization") or "tester"
        key, rid = f"{kind}/{ns}/{b['name']}", f"{ns}/{b['name']}"
        url = f"{str(req.base_url).rstrip('/')}/{'' if kind == 'models' else kind + '/'}{rid}"
        if key in st.repos:
            return JSONResponse({"error": "You already created this repo", "url": url, "id": rid}, 409)
        st.repos[key] = repo = {
            "private": b.get("visibility") == "private",
            "sdk": b.get("sdk"),
            "commits": {},
            "refs": {},
            "log": [],
        }
        st.commit(repo, {}, "initial commit")
        return JSONResponse({"url": url, "name": rid, "id": rid})

    async def settings(req):
        need_token(req)
        repo, b = find(req)[2], await req.json()
        repo["private"] = b.get("visibility", "private" if repo["private"] else "public") == "private"
        repo["gated"] = b.get("gated", repo.get("gated", False))
        st.save()
        return JSONResponse(b)

    async def tag(req):
        need_token(req)
        repo, name = find(req)[2], (await req.json())["tag"]
        if name in repo.setdefault("tags", {}):
            raise Fail(409, "", "Tag reference exists already")
        repo["tags"][name] = at(repo, req.path_params["rev"])[0]
        st.save()
        return JSONResponse({})

    async def variables(req):
        need_token(req)
        repo = find(req)[2]
        if req.method == "POST":
            b = await req.json()
            repo.setdefault("variables", {})[b["key"]] = {"value": b["value"]}
            st.save()
        if req.method == "DELETE":
            repo["variables"].pop((await req.json())["key"])
            st.save()
        return JSONResponse(repo.get("variables", {}))

    async def delete(req):
        need_token(req)
        b = await req.json()
        st.repos.pop(f"{(b.get('type') or 'model')}s/{b.get('organization') or 'tester'}/{b['name']}", None)
        st.save()
        return Response()

    async def info(req):
        kind, rid, repo = find(req)
        oid, files = at(repo, req.path_params.get("rev", "main"))
        return JSONResponse(
            {
                "_id": hashlib.md5(rid.encode()).hexdigest()[:24],
                "id": rid,
                "modelId": rid,
                "author": rid.split("/")[0],
                "sha": oid,
                "private": repo["private"],
                "gated": repo.get("gated", False),
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "sdk": repo["sdk"],
                "lastModified": repo["commits"][oid]["date"],
                "createdAt": repo["commits"][oid]["date"],
                "siblings": [{"rfilename": p, "size": e["size"], "blobId": e["oid"]} for p, e in files.items()],
            }
        )

    async def refs(req):
        _, _, repo = find(req)
        return JSONResponse(
            {
                "branches": [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": o} for n, o in repo["refs"].items()],
                "converts": [],
                "tags": [
                    {"name": n, "ref": f"refs/tags/{n}", "targetCommit": o} for n, o in repo.get("tags", {}).items()
                ],
                "pullRequests": [],
            }
        )

    async def commits(req):
        _, _, repo = find(req)
        return JSONResponse(
            [
                {
                    "id": o,
                    "title": repo["commits"][o]["title"],
                    "message": "",
                    "date": repo["commits"][o]["date"],
                    "authors": [],
                }
                for o in repo["log"]
            ]
        )

    async def tree(req):
        _, _, repo = find(req)
        _, files = at(repo, req.path_params["rev"])
        base = req.path_params.get("path", "").strip("/")
        prefix = base + "/" if base else ""
        recursive = req.query_params.get("recursive", "").lower() in ("true", "1")
        out, dirs = [], {}
        for p, e in files.items():
            if not p.startswith(prefix):
                continue
            parts = p[len(prefix) :].split("/")
            for i in range(1, len(parts) if recursive else min(2, len(parts))):
                d = prefix + "/".join(parts[:i])
                dirs[d] = {"type": "directory", "path": d, "size": 0, "oid": git_sha(d.encode())}
            if recursive or len(parts) == 1:
                out.append(entry(p, e))
        if base and not out and not dirs:
            raise Fail(404, "EntryNotFound", f"{base} does not exist")
        return JSONResponse(list(dirs.values()) + out)

    async def paths_info(req):
        _, _, repo = find(req)
        _, files = at(repo, req.path_params["rev"])
        body = await req.body()
        want = (
            json.loads(body)["paths"]
            if "json" in req.headers.get("content-type", "")
            else (await req.form()).getlist("paths")
        )
        out = []
        for p in want:
            if p in files:
                out.append(entry(p, files[p]))
            elif any(f.startswith(p.rstrip("/") + "/") for f in files):
                out.append({"type": "directory", "path": p, "size": 0, "oid": git_sha(p.encode())})
        return JSONResponse(out)

    async def preupload(req):
        need_token(req)
        _, _, repo = find(req)
        _, files = at(repo, req.path_params["rev"])
        out = []
        for f in (await req.json())["files"]:
            lfs = f["size"] > LFS_OVER or any(fnmatch.fnmatch(f["path"], g) for g in LFS_GLOBS)
            e = files.get(f["path"])
            out.append(
                {
                    "path": f["path"],
                    "uploadMode": "lfs" if lfs else "regular",
                    "shouldIgnore": False,
                    "oid": (e["sha256"] if e["lfs"] else e["oid"]) if e else None,
                }
            )
        return JSONResponse({"files": out, "commitOid": repo["refs"]["main"]})

    async def lfs_batch(req):
        need_token(req)
        find(req)
        base = str(req.base_url).rstrip("/")
        objs = []
        for o in (await req.json())["objects"]:
            d = {"oid": o["oid"], "size": o["size"]}
            if not st.blob(o["oid"]).exists():
                d["actions"] = {
                    "upload": {"href": f"{base}/_lfs/{o['oid']}"},
                    "verify": {"href": f"{base}/_lfs/{o['oid']}/verify"},
                }
            objs.append(d)
        return JSONResponse({"transfer": "basic", "objects": objs}, media_type="application/vnd.git-lfs+json")

    async def lfs_put(req):
        h, tmp = hashlib.sha256(), st.blob(req.path_params["oid"] + f".{time.time_ns()}")
        with open(tmp, "wb") as f:
            async for chunk in req.stream():
                h.update(chunk)
                f.write(chunk)
        if h.hexdigest() != req.path_params["oid"]:
            tmp.unlink()
            return Response("sha256 mismatch", 400)
        os.replace(tmp, st.blob(req.path_params["oid"]))
        return Response()

    async def lfs_verify(req):
        b = await req.json()
        p = st.blob(req.path_params["oid"])
        return Response(status_code=200 if p.exists() and p.stat().st_size == b["size"] else 404)

    async def commit(req):
        need_token(req)
        kind, rid, repo = find(req)
        rev = unquote(req.path_params["rev"])
        head, files = at(repo, rev)
        files, message = dict(files), "commit"
        for line in (await req.body()).splitlines():
            if not line.strip():
                continue
            item = json.loads(line)
            k, v = item["key"], item["value"]
            if k == "header":
                message = v["summary"]
                if v.get("parentCommit") and not head.startswith(v["parentCommit"]):
                    raise Fail(412, "", "A commit has happened since. Please refresh and try again.")
            elif k == "file":
                data = base64.b64decode(v["content"])
                files[v["path"]] = {"size": len(data), "oid": git_sha(data), "sha256": st.put(data), "lfs": False}
            elif k == "lfsFile":
                if not st.blob(v["oid"]).exists():
                    raise Fail(400, "", f"LFS object {v['oid']} was not uploaded")
                size = st.blob(v["oid"]).stat().st_size
                ptr = f"version https://git-lfs.github.com/spec/v1\noid sha256:{v['oid']}\nsize {size}\n".encode()
                files[v["path"]] = {"size": size, "oid": git_sha(ptr), "sha256": v["oid"], "lfs": True}
            elif k == "deletedFile":
                if files.pop(v["path"], None) is None:
                    raise Fail(404, "EntryNotFound", "A file with this name doesn't exist")
            elif k == "deletedFolder":
                files = {p: e for p, e in files.items() if not p.startswith(v["path"].rstrip("/") + "/")}
        oid = st.commit(repo, files, message, rev)
        url = f"{str(req.base_url).rstrip('/')}/{'' if kind == 'models' else kind + '/'}{rid}/commit/{oid}"
        return JSONResponse({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""})

    async def resolve(req):
        if req.method == "GET":
            await asyncio.sleep(download_delay_s)
        _, _, repo = find(req)
        if repo.get("gated") and not req.headers.get("authorization"):
            raise Fail(401, "GatedRepo", "Access to this model is restricted")
        oid, files = at(repo, req.path_params["rev"])
        e = files.get(req.path_params["path"])
        if e is None:
            r = error(404, "EntryNotFound", "Entry not found")
            r.headers["X-Repo-Commit"] = oid
            return r
        etag = e["sha256"] if e["lfs"] else e["oid"]
        h = {"X-Repo-Commit": oid, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        if e["lfs"]:
            h |= {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(e["size"])}
        return FileResponse(
            st.blob(e["sha256"]), headers=h, media_type="application/octet-stream"
        )  # HEAD and Range handled

    async def yaml_ok(req):
        return JSONResponse({"errors": [], "warnings": []})

    K, R = "/api/{kind:str}/{ns}/{name}", []
    R += [
        Route("/api/whoami-v2", whoami),
        Route("/api/validate-yaml", yaml_ok, methods=["POST"]),
        Route("/api/repos/create", create, methods=["POST"]),
        Route("/api/repos/delete", delete, methods=["DELETE"]),
        Route("/_lfs/{oid}", lfs_put, methods=["PUT"]),
        Route("/_lfs/{oid}/verify", lfs_verify, methods=["POST"]),
        Route(K + "/preupload/{rev:path}", preupload, methods=["POST"]),
        Route(K + "/commit/{rev:path}", commit, methods=["POST"]),
        Route(K + "/paths-info/{rev:path}", paths_info, methods=["POST"]),
        Route(K + "/settings", settings, methods=["PUT"]),
        Route(K + "/tag/{rev:path}", tag, methods=["POST"]),
        Route(K + "/variables", variables, methods=["GET", "POST", "DELETE"]),
        Route(K + "/refs", refs),
        Route(K + "/commits/{rev:path}", commits),
        Route(K + "/tree/{rev}", tree),
        Route(K + "/tree/{rev}/{path:path}", tree),
        Route(K + "/revision/{rev:path}", info),
        Route(K, info),
        Route("/api/{kind:str}/{name}", info),
    ]  # an id without a namespace: 404
    for pre in ("/{kind:str}/{ns}/{name}", "/{ns}/{name}"):
        R += [
            Route(pre + ".git/info/lfs/objects/batch", lfs_batch, methods=["POST"]),
            Route(pre + "/resolve/{rev}/{path:path}", resolve, methods=["GET", "HEAD"]),
        ]
    return Starlette(routes=R, exception_handlers={Fail: lambda req, exc: exc.response})


@contextmanager
def running_hub(root: Path, download_delay_s: float = 0.0) -> Iterator[str]:
    """Serves a Hub that stores below `root`, each download after a delay; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(make_app(root, download_delay_s), log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
