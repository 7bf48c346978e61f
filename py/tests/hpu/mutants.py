"""The rules of the device, each with a change of the project's own code that breaks it."""

from dataclasses import dataclass
from typing import Literal

Start = Literal["fresh", "killed"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old`, in one place of the sources, becomes `new`; a short training then has to fail with `complaint`.

    `start` killed: it goes on from the checkpoint of a training that was killed.
    """

    rule: str
    old: str
    new: str
    complaint: str
    lazy: bool = False
    ranks: int = 1
    start: Start = "fresh"
    device: str = "hpu"
    resident: str = "auto"
    sync_batch_norm: bool = False


_JOINED = "    return World(ranks=ranks, host=distributed.new_group("
_MARK = "    def after_backward(self) -> None:\n        self.mark_step()"
_MARK_STEP = "    def after_step(self) -> None:\n        self.mark_step()"

MUTANTS = (
    Mutant(
        rule="the device never has an index but 0",
        old='torch.device("hpu")',
        new='torch.device("hpu:1")',
        complaint="hpu-rule[index]",
    ),
    Mutant(
        rule="the mode is set before habana_frameworks is imported",
        old='    environment.setdefault("PT_HPU_LAZY_MODE", "1" if lazy else "0")\n',
        new="",
        complaint="hpu-rule[mode]",
    ),
    Mutant(
        rule="no float64 on the device",
        old=".detach().to(HOST).to(torch.float64)",
        new=".detach().to(torch.float64).to(HOST)",
        complaint="hpu-rule[float64]",
    ),
    Mutant(
        rule="no channels_last on the device",
        old="# Intel's own examples gave channels_last up.\n            channels_last=False",
        new="channels_last=True",
        complaint="hpu-rule[layout]",
    ),
    Mutant(
        rule="every tensor of an operator is on the device",
        old=".to(feed.dtype).to(feed.accelerator.device)",
        new=".to(feed.dtype)",
        complaint="hpu-rule[devices]",
    ),
    Mutant(
        rule="places in the images that stay on the device are on the device",
        old="index_select(0, place(self.positions))",
        new="index_select(0, self.positions)",
        complaint="hpu-rule[devices]",
    ),
    Mutant(
        rule="images that are read batch by batch are put on the device",
        old="place(batch.pixels) if batch.held is None",
        new="batch.pixels if batch.held is None",
        complaint="Input type (torch.FloatTensor) and weight type (HPUFloatType) should be the same",
        resident="never",
    ),
    Mutant(
        rule="lazy mode: a step mark after the backward pass, by the accelerator",
        old=_MARK,
        new="    def after_backward(self) -> None:\n        pass",
        complaint="hpu-rule[mark-step]: lazy mode: no mark_step after the backward pass",
        lazy=True,
    ),
    Mutant(
        rule="lazy mode: a step mark after the backward pass, by the loop",
        old="    accelerator.after_backward()\n",
        new="",
        complaint="hpu-rule[mark-step]: lazy mode: no mark_step after the backward pass",
        lazy=True,
    ),
    Mutant(
        rule="lazy mode: a step mark after the optimizer's step, by the accelerator",
        old=_MARK_STEP,
        new="    def after_step(self) -> None:\n        pass",
        complaint="hpu-rule[mark-step]: lazy mode: no mark_step after the optimizer's step",
        lazy=True,
    ),
    Mutant(
        rule="lazy mode: a step mark after the optimizer's step, by the loop",
        old="    accelerator.after_step()\n",
        new="",
        complaint="hpu-rule[mark-step]: lazy mode: no mark_step after the optimizer's step",
        lazy=True,
    ),
    Mutant(
        rule="lazy mode: a step mark after the discarded pass that comes before a resumed step",
        old="    feed.accelerator.after_backward()\n",
        new="",
        complaint="hpu-rule[mark-step]: lazy mode: no mark_step after the backward pass",
        lazy=True,
        ranks=2,
        start="killed",
    ),
    Mutant(
        rule="eager mode: no step marks, of which the bridge complains",
        old="core.mark_step if _lazy() else _nothing",
        new="core.mark_step",
        complaint="hpu-warning: mark_step does nothing outside lazy mode",
    ),
    Mutant(
        rule="no .item() of the loss in a step",
        old="        self._rates.append(rate)\n",
        new="        self._rates.append(rate + 0 * loss.detach().item())\n",
        complaint="hpu-rule[host-read]",
    ),
    Mutant(
        rule="no truth value of the loss in a step",
        old="        torch.autograd.backward(network.scaler.scale(loss))\n",
        new="        torch.autograd.backward(loss)\n        assert loss.detach().isfinite()\n",
        complaint="hpu-rule[host-read]",
    ),
    Mutant(
        rule="no copy to the host in a step",
        old="        self._rates.append(rate)\n",
        new="        self._rates.append(rate + 0 * len(loss.detach().reshape(1).cpu()))\n",
        complaint="hpu-rule[host-read]",
        lazy=True,
    ),
    Mutant(
        rule="the host waits for the device before it reads",
        old="        self.hpu.synchronize()\n",
        new="        pass\n",
        complaint="hpu-rule[host-read]",
    ),
    Mutant(
        rule="no fork after the device was opened",
        old='ThreadPoolExecutor(max_workers=1, thread_name_prefix="loader")',
        new='__import__("concurrent.futures").futures.ProcessPoolExecutor('
        '1, __import__("multiprocessing").get_context("fork"))',
        complaint="hpu-rule[fork]",
    ),
    Mutant(
        rule="the process group gets no device_id",
        old="distributed.init_process_group(accelerator.backend, ",
        new="distributed.init_process_group(accelerator.backend, device_id=accelerator.device, ",
        complaint="got an unexpected keyword argument 'device_id'",
        ranks=2,
    ),
    Mutant(
        rule="the backend is named by its position",
        old="distributed.init_process_group(accelerator.backend, ",
        new="distributed.init_process_group(",
        complaint="missing 1 required positional argument: 'backend'",
        ranks=2,
    ),
    Mutant(
        rule="a group is made without what torch has added since",
        old='distributed.new_group(backend="gloo", ',
        new='distributed.new_group(group_desc="host", backend="gloo", ',
        complaint="got an unexpected keyword argument 'group_desc'",
        ranks=2,
    ),
    Mutant(
        rule="no host tensor in a collective of hccl",
        old='distributed.new_group(backend="gloo", timeout=timeout)',
        new="distributed.group.WORLD",
        complaint="hpu-rule[host-tensor]",
        ranks=2,
    ),
    Mutant(
        rule="no average in a collective of hccl",
        old=_JOINED,
        new="    distributed.all_reduce(torch.ones(1, device=accelerator.device), op=distributed.ReduceOp.AVG)\n"
        + _JOINED,
        complaint="hpu-rule[average]",
        ranks=2,
    ),
    Mutant(
        rule="gradients are averaged by hccl",
        old='ClassVar[str] = "hccl"',
        new='ClassVar[str] = "gloo"',
        complaint="hpu-rule[backend]",
        ranks=2,
    ),
    Mutant(
        rule="data parallelism gets no device_ids",
        old='{"bucket_cap_mb": 100}',
        new='{"bucket_cap_mb": 100, "device_ids": [int(os.environ["LOCAL_RANK"])]}',
        complaint="hpu-rule[device-ids]",
        ranks=2,
    ),
    Mutant(
        rule="checkpoints hold tensors of the host",
        old="        return value.detach().to(HOST)\n",
        new="        return value.detach()\n",
        complaint="hpu-rule[checkpoint]",
    ),
)
