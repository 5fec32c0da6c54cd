#!/bin/bash
# Connects the Spark kernels to EMR, as root at every start, after NAME='value' lines.
# Exits 0: SageMaker starts no instance whose script fails.
set -o nounset
trap 'exit 0' EXIT

user=${NOTEBOOK_USER:-ec2-user}
home=${NOTEBOOK_HOME:-/home/ec2-user}
shown="CLUSTER CLUSTER_ID LIVY_URL RELEASE_LABEL SPARK_VERSION LIVY_VERSION SCRIPT_VERSION"
given=("PATH=$PATH" "HOME=$home" "SHOWN=$shown" "LIVY_CHECK_SECONDS=${LIVY_CHECK_SECONDS:-20}")
for name in $shown LIVY_FALLBACK LIVY_CA SPARKMAGIC_CONFIG; do
  given+=("$name=${!name:-}")
done

# as_user SECONDS COMMAND...: a link in the home could lead root anywhere. Nothing of root's is
# inherited.
as_user() {
  local run=(timeout -s KILL "$1")
  [[ $(id -un) == "$user" ]] || run+=(runuser -u "$user" --)
  "${run[@]}" env -i "${given[@]}" "${@:2}" 9<&-
}

# give_up WHY: reports what the program could not.
give_up() {
  local text folder=$home/SageMaker/.emr-notebook
  text="state: failed
time: $(date -u +%FT%TZ)
check: not checked
problem: $1
next: read the start script's log in CloudWatch, then stop and start this notebook"
  echo "$text"
  as_user 10 mkdir -p "$folder"
  as_user 10 tee "$folder/.new" <<<"$text" >/dev/null && as_user 10 mv -fT "$folder/.new" "$folder/status.txt"
}

connect() {
  as_user 90 "$1" -I - <<'PYTHON'
import http.client, json, os, re, signal, socket, ssl, time
from urllib.parse import urlsplit

os.umask(0o077)
env, home = os.environ, os.environ["HOME"]
folder, bundle = home + "/SageMaker/.emr-notebook", home + "/.sparkmagic/ca.pem"
shown, problems = {"state": "ok", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, []

def problem(state, what, then, again="then stop and start this notebook"):
  if shown["state"] != "failed":
    shown["state"] = state
  problems.extend(["problem: " + re.sub("[^!-~]+", " ", what)[:400], f"next: {then}, {again}"])

def attempt(state, what, step, *args):
  try:
    return step(*args)
  except Exception as error:
    room = "make room and let this user write there"
    problem(state, f"{what}: {error}", room if isinstance(error, OSError) else "deploy again")

def report():
  return "\n".join([f"{key}: {value}" for key, value in shown.items()] + problems + [""])

def write(path, text):
  """All of the text, or the file as it was."""
  parent = os.path.dirname(path)
  os.makedirs(parent, exist_ok=True)
  with open(parent + "/.new", "w") as file:
    file.write(text)
  os.replace(file.name, path)

def merge(base, top):
  if isinstance(base, dict) and isinstance(top, dict):
    return {**base, **{key: merge(base.get(key), value) for key, value in top.items()}}
  return top

def url_of(config):
  try:
    return re.fullmatch("https?://[!-~]+", config["kernel_python_credentials"]["url"])[0]
  except (KeyError, TypeError):
    raise ValueError("kernel_python_credentials has no http(s) url")

def sparkmagic_config(url):
  login = {"username": "", "base64_password": "", "url": url, "auth": "None"}
  kernels = {f"kernel_{language}_credentials": login for language in ("python", "scala", "r")}
  config = merge(kernels, json.loads(env["SPARKMAGIC_CONFIG"]))
  own = folder + "/sparkmagic.json"
  try:
    if os.path.isfile(own):
      with open(own, encoding="utf-8-sig") as file:
        merged = merge(config, json.load(file))
      if url_of(merged) != url:
        problem("warning", f"{own} replaces the deployed {url}", "delete it unless you mean that")
      config = merged
  except Exception as error:
    problem("warning", f"{own} was ignored: {error}", "correct or delete it")
  # SparkMagic before 0.21 reads session_configs only, which %%configure replaces.
  defaults = config.get("session_configs_defaults", {})
  return {**config, "session_configs": merge(defaults, config.get("session_configs", {}))}

def trust(ca):
  """By a variable of requests, SparkMagic's client, in its kernels alone."""
  startup = home + "/.ipython/profile_default/startup/00-emr-notebook.py"
  if ca:
    system = ssl.create_default_context().get_ca_certs(True)
    write(bundle, "".join(map(ssl.DER_cert_to_PEM_cert, system)) + ca)
    variable = '__import__("os").environ["REQUESTS_CA_BUNDLE"]'
    write(startup, f'if "sparkmagic" in __import__("sys").modules:\n    {variable} = {bundle!r}\n')
  else:
    for path in filter(os.path.lexists, (startup, bundle)):
      os.remove(path)

def resolving(url, fallback):
  try:
    socket.gethostbyname(urlsplit(url).hostname)
  except Exception:
    if re.fullmatch(r"https?://[a-z0-9.:-]+", fallback):
      problem("warning", f"{url} does not resolve: {fallback} serves for now", FAULTS[1][2])
      return fallback
  return url

def get_sessions(url, config, seconds):
  """Without redirects and proxies, in `seconds` at most."""
  livy = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
  if url.scheme == "https":
    trusting = ssl._create_unverified_context if config.get("ignore_ssl_errors") else ssl.create_default_context
    context = trusting(cafile=bundle if env["LIVY_CA"] else None)
    livy = http.client.HTTPSConnection(url.hostname, url.port, timeout=5, context=context)
  signal.alarm(seconds)
  try:
    if socket.getaddrinfo(url.hostname, None)[0][4][0] == "0.0.0.0":
      raise LookupError(url.hostname)
    livy.request("GET", url.path.rstrip("/") + "/sessions", headers={"X-Requested-By": "emr-notebook"})
    answer = livy.getresponse()
    return answer.status, answer.read(1 << 23)
  finally:
    signal.alarm(0)

FAULTS = (
  (LookupError, "waits for its cluster", "start it"),
  (socket.gaierror, "name not resolved", "turn on DNS support and DNS host names in the VPC"),
  ((socket.timeout, TimeoutError), "timed out", "admit this notebook's security group to the primary's on TCP port {port}"),
  (ssl.SSLError, "TLS failure", "deploy again; if Livy uses TLS, with its authority as the cluster's tls.ca_file"),
  (ConnectionRefusedError, "refused", "start livy-server on the primary"),
  ((http.client.HTTPException, ConnectionError), "not a Livy", "deploy again if Livy uses TLS now"),
  (Exception, "no connection", "check the routes between the subnets"),
)

def verdict(*request):
  try:
    status, body = get_sessions(*request)
  except Exception as error:
    return next((check, error, then) for kind, check, then in FAULTS if isinstance(error, kind))
  if status == 200 and re.search(rb'"sessions"\s*:', body):
    return "ok", "", ""
  if status in (401, 403):
    return "authentication needed", f"HTTP {status}", "use a cluster whose Livy asks for no login"
  if status >= 500:
    return f"HTTP {status}", "Livy's own error", "read /var/log/livy on the primary"
  return "not a Livy", f"HTTP {status} without sessions", "correct the port"

def check_livy(config):
  url = shown["livy_url"] = url_of(config)
  parts, deadline = urlsplit(url), time.monotonic() + int(env["LIVY_CHECK_SECONDS"])
  while True:
    left = deadline - time.monotonic()
    check, details, then = verdict(parts, config, max(1, min(10, int(left))))
    if left < 2 or check in ("ok", "authentication needed", "TLS failure", "not a Livy"):
      break
    time.sleep(2)
  shown["check"] = check
  if check != "ok":
    again = "then restart the kernel; if the cluster was replaced, deploy again"
    problem("failed", f"Livy at {url}: {check} ({details})", then.format(port=parts.port), again)

def out_of_time(*_):
  raise TimeoutError("no answer")

signal.signal(signal.SIGALRM, out_of_time)
for name in env["SHOWN"].split():
  needed = name == "LIVY_URL"
  form = r"https?://[a-z0-9.-]{1,253}:\d{1,5}" if needed else "[A-Za-z0-9._+-]{1,64}"
  fits = re.fullmatch(form, env[name])
  shown[re.sub("_(label|version)", "", name.lower())] = env[name] if fits else "unknown"
  if not fits:
    problem("failed" if needed else "warning", f"The start script's {name} is missing or malformed", "deploy again")
shown["check"] = "not checked"
attempt("failed", "Whom to trust was not written", trust, env["LIVY_CA"])
if shown["livy_url"] != "unknown":
  config = attempt("failed", "No SparkMagic config", sparkmagic_config, resolving(env["LIVY_URL"], env["LIVY_FALLBACK"]))
  if config:
    attempt("failed", "The SparkMagic config was not written", write, home + "/.sparkmagic/config.json", json.dumps(config, indent=2))
    attempt("failed", "Livy was not checked", check_livy, config)
attempt("warning", "status.txt was not written", write, folder + "/status.txt", report())
print(report(), flush=True)
PYTHON
}

main() {
  local python
  flock -w 20 9 || echo "Another run holds the lock"
  for python in python3 "$home"/anaconda3/{bin/python3,envs/JupyterSystemEnv/bin/python}; do
    as_user 10 "$python" -I -c "import json, ssl" 2>/dev/null || continue
    connect "$python" || give_up "The start script failed or took over 90 seconds"
    return
  done
  give_up "No Python 3 works on PATH or in $home/anaconda3"
}

cd /
main 9<"$home"
