#!/bin/bash
# Connects this notebook's Spark kernels to its EMR cluster. Runs as root at every start, because
# only ~/SageMaker outlives a stop. The deploy puts NAME='value' lines before it.
#
# It always exits 0: SageMaker does not start an instance whose script fails. What is wrong is in
# the log and in ~/SageMaker/.emr-notebook/status.txt, lines of "key: value":
#   state: ok, warning (Spark works, but see "problem") or failed; time: of this run, UTC
#   cluster, cluster_id, livy_url, release, spark, livy: in use, or "unknown"
#   check: ok, refused, timed out, name not resolved, no connection, TLS failure,
#     authentication needed, not a Livy, HTTP <status> or not checked
#   problem, next: a pair for each thing that is wrong
set -o nounset
trap 'exit 0' EXIT

user=${NOTEBOOK_USER:-ec2-user}
home=${NOTEBOOK_HOME:-/home/ec2-user}
given=("PATH=$PATH" "HOME=$home" "LIVY_CHECK_SECONDS=${LIVY_CHECK_SECONDS:-20}")
for name in CLUSTER CLUSTER_ID LIVY_URL RELEASE_LABEL SPARK_VERSION LIVY_VERSION SPARKMAGIC_CONFIG START_HERE; do
  given+=("$name=${!name:-}")
done

# as_user SECONDS COMMAND...: nothing in the home is touched as root, whom a symbolic link could
# lead anywhere. Nothing else is inherited: root's proxies and certificates are not the kernels'.
as_user() {
  local run=(timeout -s KILL "$1")
  [[ $(id -un) == "$user" ]] || run+=(runuser -u "$user" --)
  "${run[@]}" env -i "${given[@]}" "${@:2}" 9<&-
}

# give_up WHY: reports a run in which the program below could not.
give_up() {
  local text
  text=$(printf '%s\n' "state: failed" "time: $(date -u +%FT%TZ)" "check: not checked" "problem: $1" \
    "next: read the start script's log in CloudWatch, then stop and start this notebook")
  echo "$text"
  # shellcheck disable=SC2016 # the inner shell expands it
  as_user 10 bash -c 'umask 077
    mkdir -p "$0" && cat >"$0/.new" && mv -fT "$0/.new" "$0/status.txt"' \
    "$home/SageMaker/.emr-notebook" <<<"$text"
}

connect() {
  as_user 90 "$1" -I - <<'PYTHON'
import http.client, json, os, re, signal, socket, ssl, time
from urllib.parse import urlsplit

os.umask(0o077)
env, home = os.environ, os.environ["HOME"]
folder = home + "/SageMaker/.emr-notebook"
shown, problems = {"state": "ok", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, []

def problem(state, what, then, again="then stop and start this notebook"):
  if shown["state"] != "failed":
    shown["state"] = state
  problems.extend(["problem: " + " ".join(what.split())[:400], f"next: {then}, {again}"])

def attempt(state, what, step, *args):
  try:
    return step(*args)
  except Exception as error:
    room = isinstance(error, OSError)
    problem(state, f"{what}: {error}", "make room and let this user write there" if room else "deploy again")

def report():
  return "\n".join([f"{key}: {value}" for key, value in shown.items()] + problems + [""])

def write(path, text):
  """All of the text, or an OSError and the file as it was."""
  parent = os.path.dirname(path)
  os.makedirs(parent, exist_ok=True)
  with open(parent + "/.new", "w") as file:
    file.write(text)
  os.replace(file.name, path)

def merge(base, top):
  if not (isinstance(base, dict) and isinstance(top, dict)):
    return top
  return {**base, **{key: merge(base.get(key), value) for key, value in top.items()}}

def url_of(config):
  try:
    return re.fullmatch("https?://[!-~]+", config["kernel_python_credentials"]["url"])[0]
  except (KeyError, TypeError):
    raise ValueError("it is no object, or its kernel_python_credentials have no http(s) url")

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

def place_start_here():
  """Once: a user's edits stay, and a deleted notebook stays deleted."""
  notebook, marker = home + "/SageMaker/START HERE.ipynb", folder + "/start-here-placed"
  if not os.path.exists(marker):
    if not os.path.lexists(notebook):
      write(notebook, env["START_HERE"])
    write(marker, "")

def get_sessions(url, config, seconds):
  """Follows no redirect, uses no proxy, takes no longer than `seconds`."""
  livy = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
  if url.scheme == "https":
    trust = ssl._create_unverified_context if config.get("ignore_ssl_errors") else ssl.create_default_context
    livy = http.client.HTTPSConnection(url.hostname, url.port, timeout=5, context=trust())
  signal.setitimer(signal.ITIMER_REAL, seconds)
  try:
    livy.request("GET", url.path.rstrip("/") + "/sessions", headers={"X-Requested-By": "emr-notebook"})
    answer = livy.getresponse()
    return answer.status, answer.read(1 << 23)
  finally:
    signal.setitimer(signal.ITIMER_REAL, 0)

FAULTS = (  # the first that fits: what check says, and what to do
  (socket.gaierror, "name not resolved", "turn on DNS support and DNS host names in the VPC"),
  ((socket.timeout, TimeoutError), "timed out", "admit this notebook's security group to the primary's on TCP port {port}"),
  (ssl.SSLError, "TLS failure", "deploy again if Livy uses TLS no longer, else have its certificate trusted here"),
  (ConnectionRefusedError, "refused", "start livy-server on the primary"),
  ((http.client.HTTPException, ConnectionError), "not a Livy", "deploy again if Livy uses TLS now"),
  (Exception, "no connection", "check the routes between the subnets"),
)

def verdict(*request):
  try:
    status, body = get_sessions(*request)
  except Exception as error:
    return next((check, error, then) for kind, check, then in FAULTS if isinstance(error, kind))
  said = f"HTTP {status}"
  if status in (401, 403):
    return "authentication needed", said, "use a cluster whose Livy asks for no login"
  if status >= 500:
    return said, "Livy's own error", "read /var/log/livy on the primary"
  if status == 200 and re.match(rb'\s*{.*"sessions"\s*:', body, re.S):
    return "ok", "", ""
  return "not a Livy", said + " without sessions", "correct the port"

def check_livy(config):
  url = shown["livy_url"] = url_of(config)
  deadline = time.monotonic() + int(env["LIVY_CHECK_SECONDS"])
  while True:
    left = deadline - time.monotonic()
    check, details, then = verdict(urlsplit(url), config, max(0.1, min(10, left)))
    lasting = check in ("ok", "authentication needed", "TLS failure", "not a Livy")
    if lasting or time.monotonic() + 2 > deadline:
      break
    time.sleep(2)
  shown["check"] = check
  if check != "ok":
    problem("failed", f"Livy at {url}: {check} ({details})", then.format(port=urlsplit(url).port),
            "then restart the kernel; if the cluster was replaced, deploy again")

def out_of_time(*_):
  raise TimeoutError("no answer")

signal.signal(signal.SIGALRM, out_of_time)
forms = {"LIVY_URL": r"https?://[a-z0-9.-]{1,253}:\d{1,5}"}
for name in "CLUSTER", "CLUSTER_ID", "LIVY_URL", "RELEASE_LABEL", "SPARK_VERSION", "LIVY_VERSION":
  fits = re.fullmatch(forms.get(name, "[A-Za-z0-9._+-]{1,64}"), env[name])
  shown[re.sub("_(label|version)", "", name.lower())] = env[name] if fits else "unknown"
  if not fits:
    problem("failed" if name in forms else "warning", f"The start script's {name} is missing or malformed", "deploy again")
shown["check"] = "not checked"
if shown["livy_url"] != "unknown":
  config = attempt("failed", "No SparkMagic config", sparkmagic_config, env["LIVY_URL"])
  if config:
    attempt("failed", "The SparkMagic config was not written", write, home + "/.sparkmagic/config.json", json.dumps(config, indent=2))
    attempt("failed", "Livy was not checked", check_livy, config)
attempt("warning", "START HERE.ipynb was not placed", place_start_here)
attempt("warning", "status.txt was not written", write, folder + "/status.txt", report())
print(report(), flush=True)
PYTHON
}

main() {
  local python
  flock -w 20 9 || echo "Another run holds the lock: going on without it"
  for python in python3 "$home"/anaconda3/{bin/python3,envs/JupyterSystemEnv/bin/python}; do
    as_user 10 "$python" -I -c "import json, ssl" 2>/dev/null || continue
    connect "$python" || give_up "The start script failed or took over 90 seconds"
    return
  done
  give_up "No Python 3 works on PATH or in $home/anaconda3"
}

cd /
main 9<"$home"
