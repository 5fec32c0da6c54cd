"""Writes the README beside the templates: how to deploy them, what the settings decide."""

import shlex
from collections.abc import Sequence
from string import Template

from emr_notebook.plain_template.assembly import SynthesizedStack
from emr_notebook.settings.model import Settings

_HEAD = Template("""\
# The stage $stage as plain CloudFormation

Written by `make template STAGE=$stage`, which replaces this folder as a whole: copy what you edit.

| file | is |
|---|---|
$table
| `code/*.zip` | the code of the Lambdas; a change of it renames them |
| `code/*.pyz` | the agent, which each notebook fetches at its start; a change of it renames it |

Every template has a parameter for each value that belongs to an account, with the stage's own as
its default; only `CodeBucket` has none: a bucket **in the region of the stack** from which the
deployer may read. CloudFormation looks the VPC, subnet and groups up first, so the deployer needs
`ec2:Describe*`. Account, region and partition are those you deploy into. The logical ids are those
of `cdk deploy`.

The commands below are for `$stack`, and run in this folder.

```sh
export AWS_REGION=$region
BUCKET=your-bucket
aws s3 cp code "s3://$$BUCKET/emr-notebook/" --recursive
```

Leave earlier files there: the rollback of an update reads them. Notebooks read the agent there at
their starts. The roles that the template makes may; a `RoleArn` of yours needs `s3:GetObject` on
`arn:$partition:s3:::your-bucket/emr-notebook/*.pyz`. One that cannot read it is connected all the
same, and its `status.txt` says what it does without.

## AWS CLI

```sh
sed "s/$placeholder/$$BUCKET/" $stack.parameters.json > ../$stack.json
```

In another account, or for other values, edit that copy. Then, the first time and for each update:

```sh
aws cloudformation deploy --stack-name $stack \\
  --template-file $stack.template.json --s3-bucket "$$BUCKET" --s3-prefix emr-notebook \\
  --capabilities CAPABILITY_IAM \\
  --parameter-overrides file://../$stack.json$tags
```

`--s3-bucket` is for the template itself: as an argument it may have 51,200 bytes, from S3 1 MB.

**Every parameter, each time.** On an update `deploy` keeps the stack's value of each parameter that
it is not given, and does not say so: what `config/$stage.yaml` says anew, then a new default in the
template, would never arrive. The file names all of them. After the next `make template`, make it
anew, or take over into yours what `diff` shows.
$protection
After a cluster that is not followed (`follow: false`, or by its id) was replaced, deploy with a
new value of `Refresh` in the file, such as the date: the clusters are looked up again. A running
notebook takes the new address at its next start.

## Terraform

```hcl
variable "bucket" {}

locals { folder = "$${path.module}/template/$stage" }

resource "aws_s3_object" "template" {
  bucket = var.bucket
  # A name that changes with the content: an update reads the template anew.
  key    = "emr-notebook/$${filesha256("$${local.folder}/$stack.template.json")}.template.json"
  source = "$${local.folder}/$stack.template.json"
}

resource "aws_cloudformation_stack" "notebooks" {
  name         = "$stack"
  template_url = "https://$${var.bucket}.s3.$region.$suffix/$${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM"]
  on_failure   = "ROLLBACK"
  parameters   = { CodeBucket = var.bucket }
$terraform_tags}
```

On an update too, a parameter that is not named here gets the template's default.

## Service Catalog

```sh
aws s3 cp $stack.template.json "s3://$$BUCKET/emr-notebook/"
aws servicecatalog create-product --name $stack --owner data-platform \\
  --product-type CLOUD_FORMATION_TEMPLATE --provisioning-artifact-parameters \\
  "Name=v1,Type=CLOUD_FORMATION_TEMPLATE,Info={LoadTemplateFromURL=https://$$BUCKET.s3.$region.$suffix/emr-notebook/$stack.template.json}"
```

Each launch is a stack with a name of its own, and notebooks whose name was made up begin with it. A
launch gives `CodeBucket`; the launch role needs what the template makes, and to read the bucket.
For an update add a version (`create-provisioning-artifact`). Whoever updates a launch to it sees
the values that it has, not the new defaults, and gives those that are to change.

## What stays as the settings say

- Notebooks, their owners, instance types, volumes, tags and Spark settings: they are the template.
  Change `config/$stage.yaml` and write it again.
- A cluster that is selected by tags: the resolver's role is limited to these tags.
- Names of SageMaker code repositories.

Of a stack that exists, leave the parameters that are *fixed at a notebook's birth* as they are, and
`KmsKeyArn`: for another value CloudFormation would replace notebooks and their files, which the
stack's guard refuses.
""")

_PROTECTION = Template("""
`cdk deploy` would protect this stack from being deleted. So does:

```sh
aws cloudformation update-termination-protection --enable-termination-protection \\
  --stack-name $stack
```
""")


def guide(
    stage: str, settings: Settings, stacks: Sequence[SynthesizedStack], placeholder: str
) -> str:
    """The page, with the stage's first stack in its commands.

    `placeholder` stands for the bucket in the parameters' file.
    """
    first = stacks[0]
    rows = (
        f"| `{each.name}.template.json` | the stack |\n"
        f"| `{each.name}.parameters.json` | all its parameters' values, as the AWS CLI reads them |"
        for each in stacks
    )
    protection = _PROTECTION.substitute(stack=first.name) if first.termination_protection else ""
    return _HEAD.substitute(
        stage=stage,
        stack=first.name,
        placeholder=placeholder,
        region=settings.region,
        partition=settings.partition.name,
        suffix=settings.partition.dns_suffix,
        table="\n".join(rows),
        tags=_shell_tags(first),
        terraform_tags=_terraform_tags(first),
        protection=protection,
    )


def _shell_tags(stack: SynthesizedStack) -> str:
    """The stack's own tags; its resources have them in the template."""
    words = [shlex.quote(f"{key}={value}") for key, value in stack.tags.items()]
    return " \\\n  --tags " + " ".join(words) if words else ""


def _terraform_tags(stack: SynthesizedStack) -> str:
    pairs = (f'"{key}" = "{value}"' for key, value in stack.tags.items())
    return f"  tags         = {{ {', '.join(pairs)} }}\n" if stack.tags else ""
