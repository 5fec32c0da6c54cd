"""Writes plain CloudFormation, a file for each stack, for those who deploy without the CDK.

`python -m emr_notebook.plain_template --stage dev` synthesizes the stage as `cdk synth` does, with
its checks, and writes the same resources under the same logical ids, without what only the CDK's
command line understands. What belongs to one account becomes a parameter, with the stage's value as
its default.

The code of the two Lambdas lies beside the template, as zips, and so does the notebooks' agent.
CloudFormation takes code inside a template, up to 4 MB, only as one file named index: the resolver
is a package of several modules, and the CDK's provider framework five files. Packed into one,
neither could be read at review any more. A file's name holds a hash of its content, so that
CloudFormation sees a change of the code.
"""
