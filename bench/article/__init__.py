"""The method of AWS's article on notebooks backed by Spark in EMR, written anew, to compare with.

It finds the primary node's address, renders a start script and a template with it, and creates the
lifecycle configuration and the stack. Where the article leaves a choice, this takes the kinder one:
SparkMagic's configuration stands in the script instead of coming from the internet.
"""
