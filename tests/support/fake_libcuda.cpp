// A CUDA driver for tests: device memory is the host's, streams run at once, a module is a host
// library.
#include <dlfcn.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace {
int context, stream, graph, executable;
long held = 0;  // allocations, contexts, streams, graphs and modules not given back
using Run = void (*)(unsigned, unsigned, unsigned, unsigned, const void*);

template <typename Handle>
int give(Handle* out, void* value) {
    *out = reinterpret_cast<Handle>(value);
    ++held;
    return 0;
}
int take() { return --held < 0; }
}  // namespace

extern "C" {
using Address = unsigned long long;

long fake_held() { return held; }
int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) { return *version = 13000, 0; }
int cuDeviceGetCount(int* count) { return *count = 1, 0; }
int cuDeviceGet(int* device, int index) { return *device = index, 0; }
int cuDeviceGetName(char* name, int length, int) {
    return std::strncpy(name, "Fake GPU", length), 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
    return *value = attribute == 75 ? 8 : 7, 0;
}
int cuDevicePrimaryCtxRetain(void** out, int) { return give(out, &context); }
int cuDevicePrimaryCtxRelease(int) { return take(); }
int cuCtxPushCurrent(void* given) { return given != &context; }
int cuCtxPopCurrent(void** out) { return *out = &context, 0; }
int cuStreamCreate(void** out, unsigned flags) { return flags == 1 ? give(out, &stream) : 1; }
int cuStreamDestroy(void* given) { return given == &stream ? take() : 1; }
int cuStreamSynchronize(void* given) { return given != &stream; }
int cuStreamBeginCapture(void* given, int mode) { return given != &stream || mode != 1; }
int cuStreamEndCapture(void* given, void** out) { return given == &stream ? give(out, &graph) : 1; }
int cuGraphInstantiateWithFlags(void** out, void* given, unsigned long long flags) {
    return given == &graph && flags == 0 ? give(out, &executable) : 1;
}
int cuGraphDestroy(void* given) { return given == &graph ? take() : 1; }
int cuGraphLaunch(void* given, void* on) { return given != &executable || on != &stream; }
int cuGraphExecDestroy(void* given) { return given == &executable ? take() : 1; }
int cuMemGetInfo(std::size_t* free, std::size_t* total) {
    return *free = 1U << 20, *total = 1U << 30, 0;
}
int cuMemAlloc(Address* out, std::size_t size) {
    return size > (std::size_t{1} << 40) ? 2 : give(out, std::malloc(size));
}
int cuMemFree(Address given) { return std::free(reinterpret_cast<void*>(given)), take(); }
int cuMemHostAlloc(void** out, std::size_t size, unsigned flags) {
    return flags != 0 || size > (std::size_t{1} << 40) ? 2 : give(out, std::malloc(size));
}
int cuMemFreeHost(void* given) { return std::free(given), take(); }
int cuMemcpyHtoDAsync(Address to, const void* from, std::size_t size, void* on) {
    return std::memcpy(reinterpret_cast<void*>(to), from, size), on != &stream;
}
int cuMemcpyDtoHAsync(void* to, Address from, std::size_t size, void* on) {
    return std::memcpy(to, reinterpret_cast<void*>(from), size), on != &stream;
}
int cuModuleLoadData(void** out, const void* image) {
    void* library = dlopen(static_cast<const char*>(image), RTLD_NOW);
    return library == nullptr ? 200 : give(out, library);
}
int cuModuleUnload(void* library) { return dlclose(library), take(); }
int cuModuleGetFunction(void** out, void* library, const char* name) {
    *out = dlsym(library, "run");
    return std::strcmp(name, "letterbox") != 0 || *out == nullptr;
}
int cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned, unsigned block_x,
                   unsigned block_y, unsigned, unsigned, void* on, void** parameters, void**) {
    reinterpret_cast<Run>(function)(grid_x, grid_y, block_x, block_y, parameters[0]);
    return on != &stream;
}
int cuGetProcAddress(const char* name, void** out, int, Address, int*) {
    *out = dlsym(RTLD_DEFAULT, name);
    if (*out == nullptr) {
        void* self = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
        *out = self == nullptr ? nullptr : dlsym(self, name);
    }
    return 0;
}
int cuGetProcAddress_v2(const char* name, void** out, int version, Address flags, int* status) {
    return cuGetProcAddress(name, out, version, flags, status);
}
}
