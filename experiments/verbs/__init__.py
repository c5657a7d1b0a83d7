"""The verbs of the command line, one module a study: options, the answer in words, and what is written.

``experiments.cli`` names each verb's module and imports it only when the verb is used.
"""
