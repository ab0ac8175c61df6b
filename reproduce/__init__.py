"""The paper's results, trained again from scratch. `python -m reproduce` lists the commands."""

from importlib.util import find_spec

from paper_lenet5.terminal import EXTRAS, missing

from .writing import only_help

for _module in (*EXTRAS["train"], *EXTRAS["reproduce"]):
    if find_spec(_module) is None:  # named so, it is said in one line where a command is run
        raise ModuleNotFoundError(missing(ModuleNotFoundError(name=_module)), name=__name__)

only_help.if_asked()
