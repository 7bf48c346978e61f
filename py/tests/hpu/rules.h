// What the device forbids. State is per process, as a process has one device.
#pragma once

#include <ATen/ATen.h>
#include <unistd.h>

#include <atomic>

#define HPU_RULE(condition, name, ...) TORCH_CHECK(condition, "hpu-rule[" name "]: ", __VA_ARGS__)

namespace {

std::atomic<pid_t> opener{0};
std::atomic<bool> lazy{false};
// From a training pass until the host waits for the device anyway.
std::atomic<bool> in_step{false};
std::atomic<bool> backward_unmarked{false};
std::atomic<bool> optimizer_unmarked{false};

void check_open() {
  HPU_RULE(opener != 0, "import", "the device is used and habana_frameworks is not imported");
  HPU_RULE(opener == getpid(), "fork", "the process was forked after the device was opened");
}

void check_index(c10::Device device) {
  HPU_RULE(device.index() <= 0, "index", "a process sees one device, and its index is 0; asked for ", device);
}

void check_type(at::ScalarType type) {
  HPU_RULE(type != at::kDouble, "float64", "the device has no float64");
  HPU_RULE(!at::isComplexType(type), "complex", "the device has no complex numbers");
}

void check_host_read() {
  check_open();
  HPU_RULE(!in_step, "host-read", "the host reads a value of the device in a training step, or after it without synchronize");
  HPU_RULE(!optimizer_unmarked, "mark-step", "lazy mode: no mark_step after the optimizer's step");
}

void before_forward() {
  HPU_RULE(!backward_unmarked, "mark-step", "lazy mode: no mark_step after the backward pass");
  HPU_RULE(!optimizer_unmarked, "mark-step", "lazy mode: no mark_step after the optimizer's step");
  if (at::GradMode::is_enabled()) in_step = true;
}

void open_device(bool lazy_mode) {
  lazy = lazy_mode;
  opener = getpid();
}

void mark_step() {
  backward_unmarked = false;
  optimizer_unmarked = false;
}

void before_optimizer() {
  HPU_RULE(!backward_unmarked, "mark-step", "lazy mode: no mark_step after the backward pass");
}

void after_optimizer() {
  if (lazy) optimizer_unmarked = true;
}

void synchronize() {
  check_open();
  HPU_RULE(!optimizer_unmarked, "mark-step", "lazy mode: no mark_step after the optimizer's step");
  in_step = false;
}

}  // namespace
