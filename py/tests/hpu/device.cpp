// Device type HPU in host memory, for tests of the code that uses a Gaudi through PyTorch.
//
// Every tensor lies in host memory and every operator runs the CPU's kernel on it. What the real device forbids fails
// with "hpu-rule[NAME]". State is per process, as a process has one device.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/Resize.h>
#include <ATen/native/TensorFactories.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/csrc/distributed/c10d/reducer_timer.hpp>
#include <torch/library.h>
#include <unistd.h>

#include <atomic>

#define HPU_RULE(condition, name, ...) TORCH_CHECK(condition, "hpu-rule[" name "]: ", __VA_ARGS__)

namespace {

// ---- Rules -------------------------------------------------------------------------------------------------------

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

// ---- Memory and device -------------------------------------------------------------------------------------------

struct HostMemory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void* data = c10::alloc_cpu(bytes);
    return {data, data, &c10::free_cpu, c10::Device(c10::kHPU, 0)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &c10::free_cpu; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};
HostMemory memory;
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

// ---- Tensors of the device and of the host over the same bytes ---------------------------------------------------

at::Tensor make(c10::Storage storage, c10::DispatchKey key, const at::Tensor& like) {
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
  return tensor;
}

// Valid while `tensor` is.
at::Tensor lend(const at::Tensor& tensor) {
  const auto& storage = tensor.storage();
  c10::DataPtr data(storage.mutable_data(), c10::Device(c10::kCPU));
  return make(c10::Storage(c10::Storage::use_byte_size_t(), storage.nbytes(), std::move(data), c10::GetCPUAllocator(),
                           /*resizable=*/true), c10::DispatchKey::CPU, tensor);
}

c10::DataPtr own(const at::Tensor& host) {
  auto* owner = new c10::Storage(host.storage());
  return {owner->mutable_data(), owner, [](void* held) { delete static_cast<c10::Storage*>(held); },
          c10::Device(c10::kHPU, 0)};
}

at::Tensor adopt(const at::Tensor& host) {
  check_type(host.scalar_type());
  return make(c10::Storage(c10::Storage::use_byte_size_t(), host.storage().nbytes(), own(host), &memory, true),
              c10::DispatchKey::HPU, host);
}

// The tensors of one call, each with what stands in for it on the host.
struct Loan {
  std::vector<std::pair<at::Tensor, at::Tensor>> pairs;
  bool foreign = false;

  at::Tensor take(const at::Tensor& tensor) {
    if (!tensor.defined()) return tensor;
    if (!tensor.is_hpu()) {
      foreign = foreign || tensor.dim() > 0;
      return tensor;
    }
    for (const auto& [device, host] : pairs) if (device.is_same(tensor)) return host;
    pairs.emplace_back(tensor, lend(tensor));
    return pairs.back().second;
  }

  // What an operator has resized lies elsewhere now.
  void settle() const {
    for (const auto& [device, host] : pairs) {
      auto* inside = device.unsafeGetTensorImpl();
      if (host.storage().data() != device.storage().data()) {
        const_cast<c10::Storage&>(inside->storage()).set_data_ptr_noswap(own(host));
        const_cast<c10::Storage&>(inside->storage()).set_nbytes(host.storage().nbytes());
      }
      if (host.sizes() != device.sizes() || host.strides() != device.strides())
        inside->set_sizes_and_strides(host.sizes(), host.strides(), host.storage_offset());
    }
  }

  at::Tensor give_back(const at::Tensor& host) const {
    if (!host.defined() || host.is_hpu()) return host;
    for (const auto& [device, lent] : pairs) if (lent.is_same(host)) return device;
    for (const auto& [device, lent] : pairs)
      if (host.storage().nbytes() > 0 && lent.storage().data() == host.storage().data())
        return make(device.storage(), c10::DispatchKey::HPU, host);
    return adopt(host);
  }
};

c10::IValue lent_value(const c10::IValue& value, Loan& loan) {
  if (value.isTensor()) return loan.take(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> host;
    for (const at::Tensor& tensor : value.toTensorList()) host.push_back(loan.take(tensor));
    return host;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> host;
    for (const std::optional<at::Tensor> tensor : value.toOptionalTensorList())
      host.push_back(tensor ? std::optional<at::Tensor>(loan.take(*tensor)) : std::nullopt);
    return host;
  }
  if (value.isDevice() && value.toDevice().is_hpu()) {
    check_index(value.toDevice());
    return c10::Device(c10::kCPU);
  }
  return value;
}

c10::IValue returned_value(const c10::IValue& value, const Loan& loan) {
  if (value.isTensor()) return loan.give_back(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> device;
    for (const at::Tensor& tensor : value.toTensorList()) device.push_back(loan.give_back(tensor));
    return device;
  }
  return value;
}

void on_host(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  check_open();
  Loan loan;
  const size_t taken = op.schema().arguments().size();
  for (size_t at = stack->size() - taken; at < stack->size(); ++at) (*stack)[at] = lent_value((*stack)[at], loan);
  HPU_RULE(!loan.foreign || loan.pairs.empty(), "devices", op.schema().name(),
           ": Expected all tensors to be on the same device, but found hpu and cpu");
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  loan.settle();
  const size_t given = op.schema().returns().size();
  for (size_t at = stack->size() - given; at < stack->size(); ++at) (*stack)[at] = returned_value((*stack)[at], loan);
}

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
