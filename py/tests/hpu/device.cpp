// Device type HPU in host memory, for tests of the code that uses a Gaudi through PyTorch.
//
// Every tensor lies in host memory and every operator runs the CPU's kernel on it. What the real device forbids fails
// with "hpu-rule[NAME]". State is per process, as a process has one device.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/Resize.h>
#include <ATen/native/TensorFactories.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/csrc/distributed/c10d/reducer_timer.hpp>
#include <torch/library.h>

#include "loan.h"
#include "rules.h"

namespace {

REGISTER_ALLOCATOR(c10::kHPU, &memory);

struct Guard final : c10::impl::DeviceGuardImplInterface {
  static constexpr c10::DeviceType static_type = c10::kHPU;
  Guard() = default;
  explicit Guard(c10::DeviceType) {}
  c10::DeviceType type() const override { return c10::kHPU; }
  c10::Device exchangeDevice(c10::Device device) const override { check_index(device); return getDevice(); }
  c10::Device getDevice() const override { return c10::Device(c10::kHPU, 0); }
  void setDevice(c10::Device device) const override { check_index(device); }
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, device); }
  c10::Stream getNewStream(c10::Device device, int) const override { return c10::Stream(c10::Stream::DEFAULT, device); }
  c10::Stream exchangeStream(c10::Stream stream) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, stream.device()); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
  void synchronizeDevice(const c10::DeviceIndex) const override {}
};
C10_REGISTER_GUARD_IMPL(HPU, Guard);

struct Timer final : c10d::Timer {
  explicit Timer(c10::Device) {}
  std::optional<int64_t> measureDifference(Event start, Event end) override {
    const auto before = getTimeRef(start), after = getTimeRef(end);
    return after < before ? std::nullopt : std::optional<int64_t>(after - before);
  }
};

// ---- Operators that are about memory, or that torch wants from each device ---------------------------------------

using Type = std::optional<at::ScalarType>;

at::ScalarType type_of(Type type, const std::optional<c10::Device>& device) {
  check_open();
  if (device) check_index(*device);
  check_type(c10::dtype_or_default(type));
  return c10::dtype_or_default(type);
}

at::Tensor empty(at::IntArrayRef sizes, Type type, std::optional<at::Layout>, std::optional<c10::Device> device,
                 std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(sizes, &memory, c10::DispatchKeySet(c10::DispatchKey::HPU), type_of(type, device), format);
}

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, Type type, std::optional<at::Layout>,
                         std::optional<c10::Device> device, std::optional<bool>) {
  return at::detail::empty_strided_generic(sizes, strides, &memory, c10::DispatchKeySet(c10::DispatchKey::HPU),
                                           type_of(type, device));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  check_open();
  if (!to.is_hpu()) check_host_read();
  (to.is_hpu() ? lend(to) : to).copy_(from.is_hpu() ? lend(from) : from);
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes()) to.resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar local_scalar(const at::Tensor& tensor) {
  check_host_read();
  return at::_local_scalar_dense(lend(tensor));
}

at::Tensor as_strided(const at::Tensor& tensor, c10::SymIntArrayRef sizes, c10::SymIntArrayRef strides,
                      std::optional<c10::SymInt> offset) {
  return at::native::as_strided_tensorimpl(
      tensor, C10_AS_INTARRAYREF_SLOW(sizes), C10_AS_INTARRAYREF_SLOW(strides),
      offset ? std::optional<int64_t>(offset->guard_int(__FILE__, __LINE__)) : std::nullopt);
}

at::Tensor view(const at::Tensor& tensor, c10::SymIntArrayRef sizes) {
  return at::native::view(tensor, C10_AS_INTARRAYREF_SLOW(sizes));
}

at::Tensor reshape_alias(const at::Tensor& tensor, c10::SymIntArrayRef sizes, c10::SymIntArrayRef strides) {
  return at::native::_reshape_alias(tensor, C10_AS_INTARRAYREF_SLOW(sizes), C10_AS_INTARRAYREF_SLOW(strides));
}

at::Tensor& set_strided(at::Tensor& tensor, c10::Storage source, c10::SymInt offset, c10::SymIntArrayRef sizes,
                        c10::SymIntArrayRef strides) {
  tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(std::move(source));
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides, offset);
  return tensor;
}

at::Tensor& set_storage(at::Tensor& tensor, c10::Storage source) {
  const auto count = static_cast<int64_t>(source.nbytes() / tensor.itemsize());
  tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(std::move(source));
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous({count});
  return tensor;
}

at::Tensor& set_tensor(at::Tensor& tensor, const at::Tensor& source) {
  tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(source.storage());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(source.sizes(), source.strides(), source.storage_offset());
  return tensor;
}

at::Tensor adopt_if_defined(const at::Tensor& host) { return host.defined() ? adopt(host) : host; }

void check_convolution(const at::Tensor& input, const at::Tensor& weight) {
  check_open();
  HPU_RULE(input.is_hpu() && weight.is_hpu(), "devices", "Input type (", input.toString(), ") and weight type (",
           weight.toString(), ") should be the same");
  for (const at::Tensor& tensor : {input, weight})
    HPU_RULE(tensor.is_contiguous() || !tensor.is_contiguous(at::MemoryFormat::ChannelsLast), "layout",
             "channels_last is not for this device");
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       c10::SymIntArrayRef stride, c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation,
                       bool transposed, c10::SymIntArrayRef output_padding, c10::SymInt groups) {
  check_convolution(input, weight);
  before_forward();
  std::optional<at::Tensor> host_bias;
  if (bias && bias->defined()) host_bias = lend(*bias);
  return adopt(at::convolution_symint(lend(input), lend(weight), host_bias, stride, padding, dilation, transposed,
                                      output_padding, groups));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& weight, c10::SymIntArrayRef stride,
    c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation, bool transposed, c10::SymIntArrayRef output_padding,
    c10::SymInt groups, std::array<bool, 3> mask) {
  check_convolution(input, weight);
  if (lazy) backward_unmarked = true;
  auto [to_input, to_weight, to_bias] = at::convolution_backward_symint(
      lend(gradient), lend(input), lend(weight), std::optional<c10::SymIntArrayRef>(weight.sym_sizes().slice(0, 1)),
      stride, padding, dilation, transposed, output_padding, groups, mask);
  return {adopt_if_defined(to_input), adopt_if_defined(to_weight), adopt_if_defined(to_bias)};
}

// ---- Autocast: stock torch has no list for this device -----------------------------------------------------------

std::optional<at::Tensor> lower(const std::optional<at::Tensor>& tensor) {
  return tensor && tensor->defined() ? std::optional<at::Tensor>(tensor->to(at::autocast::get_autocast_dtype(c10::kHPU)))
                                     : std::nullopt;
}

at::Tensor lower_conv2d(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                        c10::SymIntArrayRef stride, c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation,
                        c10::SymInt groups) {
  c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::AutocastHPU);
  return at::conv2d_symint(*lower(input), *lower(weight), lower(bias), stride, padding, dilation, groups);
}

at::Tensor lower_linear(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::AutocastHPU);
  return at::linear(*lower(input), *lower(weight), lower(bias));
}

}  // namespace

// The name is what torch looks it up by.
struct HPUHooks : at::HPUHooksInterface {
  explicit HPUHooks(at::HPUHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasHPU() const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  c10::Allocator* getPinnedMemoryAllocator() const override { return c10::GetCPUAllocator(); }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static const at::Generator generator = at::detail::createCPUGenerator();
    return generator;
  }
};

namespace at {
using ::HPUHooks;
REGISTER_HPU_HOOKS(HPUHooks);
}  // namespace at

namespace c10d {
C10_REGISTER_TYPED_CLASS(TimerRegistry, c10::kHPU, ::Timer);
}  // namespace c10d

TORCH_LIBRARY_IMPL(_, HPU, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_host>()); }

TORCH_LIBRARY_IMPL(aten, HPU, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("_local_scalar_dense", local_scalar);
  m.impl("as_strided", as_strided);
  m.impl("view", view);
  m.impl("_reshape_alias", reshape_alias);
  m.impl("set_.source_Storage_storage_offset", set_strided);
  m.impl("set_.source_Storage", set_storage);
  m.impl("set_.source_Tensor", set_tensor);
  m.impl("convolution_overrideable", convolution);
  m.impl("convolution_backward_overrideable", convolution_backward);
}

TORCH_LIBRARY_IMPL(_, AutocastHPU, m) { m.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, AutocastHPU, m) {
  m.impl("conv2d", lower_conv2d);
  m.impl("linear", lower_linear);
}

// For habana_frameworks beside this file.
TORCH_LIBRARY(hpu_emulation, m) {
  m.def("open(bool lazy) -> ()", open_device);
  m.def("mark_step() -> ()", mark_step);
  m.def("before_optimizer() -> ()", before_optimizer);
  m.def("after_optimizer() -> ()", after_optimizer);
  m.def("synchronize() -> ()", synchronize);
  m.def("host_view(Tensor(a) tensor) -> Tensor(a)", [](const at::Tensor& tensor) { return lend(tensor); });
}
