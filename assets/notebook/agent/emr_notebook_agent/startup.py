"""Has IPython load the agent at the start of each of SparkMagic's kernels."""

# Whatever is wrong with the agent, the kernel starts.
_STARTUP = """\
# Written at every start of this notebook: an edit here is lost at the next one.
def _emr_notebook():
    import os, sys

    if "sparkmagic" not in sys.modules:
        return
    if {bundle!r}:
        os.environ["REQUESTS_CA_BUNDLE"] = {bundle!r}
    try:
        # Before what Python has installed, which may hold another agent.
        sys.path.insert(1, {program!r})
        from emr_notebook_agent import kernel

        kernel.install()
    except Exception as error:
        print("This kernel runs as SparkMagic made it:", error, file=sys.stderr)


_emr_notebook()
del _emr_notebook
"""


def startup_text(program: str, bundle: str = "") -> str:
    """The file that IPython runs at a kernel's start: it acts in SparkMagic's kernels alone.

    `program` is the path of the agent's zip file, `bundle` that of the certificates which Livy's
    may be issued by; empty for those that requests brings.
    """
    return _STARTUP.format(program=program, bundle=bundle)
