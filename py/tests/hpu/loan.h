// Tensors of the device and of the host over the same bytes.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include "rules.h"

namespace {

struct HostMemory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void* data = c10::alloc_cpu(bytes);
    return {data, data, &c10::free_cpu, c10::Device(c10::kHPU, 0)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &c10::free_cpu; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};
HostMemory memory;

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

}  // namespace
