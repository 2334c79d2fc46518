// The oneDNN side of Recur's comparisons: a recurrent network over whole sequences from a zero state, called by OneDnn.cs, which
// compiles this file on the machine it runs on. Forward runs are inference with weights packed before; in runs with a backward
// pass the weights count as changed, as behind an optimizer's step: they are packed anew and their gradients begin at zero.
#include <dnnl.hpp>
#include <omp.h>

#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#if DNNL_VERSION_MAJOR != 2
#error "the comparison is written for oneDNN 2"
#endif

using namespace dnnl;
using tag = memory::format_tag;
using type = memory::data_type;
using arguments = std::unordered_map<int, memory>;

namespace {

enum cell_kind { rnn, gru, lstm };

engine &cpu() {
    static engine e(engine::kind::cpu, 0);
    return e;
}

stream &queue() {
    static stream s(cpu());
    return s;
}

memory::desc plain(const memory::dims &dims, tag order) { return memory::desc(dims, type::f32, order); }

memory zeros(const memory::desc &desc) {
    memory m(desc, cpu());
    std::memset(m.get_data_handle(), 0, desc.get_size());
    return m;
}

float *data(const memory &m) { return static_cast<float *>(m.get_data_handle()); }

// Weights in the order a primitive wants them; themselves where that is the plain one.
struct packed {
    memory from, to;

    packed() = default;
    packed(const memory &plain_weights, const memory::desc &wanted)
        : from(plain_weights), to(wanted == plain_weights.get_desc() ? plain_weights : memory(wanted, cpu())) {}

    void fill() {
        if (data(from) != data(to)) reorder(from, to).execute(queue(), from, to);
    }
};

// Layers of equal shape: one primitive. The input has as many features as the states where there are several.
struct stack {
    const int cell, t, n, i, h, layers, directions, gates, biases;
    const rnn_direction direction;
    const memory::desc none;
    const memory::desc first; // h and c before the first step: zeros in training, where without them oneDNN 2.6.3 gets the
                              // gradients of W_hh of Elman cells and LSTMs wrong
    const memory::desc x_desc, y_desc, w_x_any, w_h_any, bias_desc;
    memory w_x, w_h, bias; // plain
    packed forward_x, forward_h, backward_x, backward_h;
    memory d_w_x, d_w_h, d_bias, workspace, h0, c0, d_h0, d_c0;
    primitive forward, backward;

    stack(int cell, int t, int n, int i, int h, int layers, int directions, bool train)
        : cell(cell), t(t), n(n), i(i), h(h), layers(layers), directions(directions),
          gates(cell == rnn ? 1 : cell == gru ? 3 : 4), biases(cell == gru ? 4 : gates),
          direction(directions == 2 ? rnn_direction::bidirectional_concat : rnn_direction::unidirectional_left2right),
          first(train ? plain({layers, directions, n, h}, tag::ldnc) : none), x_desc(plain({t, n, i}, tag::tnc)),
          y_desc(plain({t, n, directions * h}, tag::tnc)),
          w_x_any(plain({layers, directions, i, gates, h}, tag::any)), w_h_any(plain({layers, directions, h, gates, h}, tag::any)),
          bias_desc(plain({layers, directions, biases, h}, tag::ldgo)),
          w_x(zeros(plain({layers, directions, i, gates, h}, tag::ldigo))),
          w_h(zeros(plain({layers, directions, h, gates, h}, tag::ldigo))), bias(zeros(bias_desc)) {
        auto kind = train ? prop_kind::forward_training : prop_kind::forward_inference;
        auto back = prop_kind::backward;
        if (cell == rnn) {
            vanilla_rnn_forward::primitive_desc f({kind, algorithm::eltwise_tanh, direction, x_desc, first, w_x_any, w_h_any, bias_desc,
                                                   y_desc, none}, cpu());
            make<vanilla_rnn_forward>(f, train);
            if (train)
                make_backward<vanilla_rnn_backward>(vanilla_rnn_backward::primitive_desc(
                    {back, algorithm::eltwise_tanh, direction, x_desc, first, w_x_any, w_h_any, bias_desc, y_desc, none, x_desc, first,
                     w_x_any, w_h_any, bias_desc, y_desc, none}, cpu(), f));
        } else if (cell == gru) {
            lbr_gru_forward::primitive_desc f({kind, direction, x_desc, first, w_x_any, w_h_any, bias_desc, y_desc, none}, cpu());
            make<lbr_gru_forward>(f, train);
            if (train)
                make_backward<lbr_gru_backward>(lbr_gru_backward::primitive_desc(
                    {back, direction, x_desc, first, w_x_any, w_h_any, bias_desc, y_desc, none, x_desc, first, w_x_any, w_h_any, bias_desc,
                     y_desc, none}, cpu(), f));
        } else {
            lstm_forward::primitive_desc f({kind, direction, x_desc, first, first, w_x_any, w_h_any, bias_desc, y_desc, none, none}, cpu());
            make<lstm_forward>(f, train);
            if (train)
                make_backward<lstm_backward>(lstm_backward::primitive_desc(
                    {back, direction, x_desc, first, first, w_x_any, w_h_any, bias_desc, y_desc, none, none, x_desc, first, first, w_x_any,
                     w_h_any, bias_desc, y_desc, none, none}, cpu(), f));
        }
    }

    template <class P>
    void make(const typename P::primitive_desc &desc, bool train) {
        forward = P(desc);
        forward_x = packed(w_x, desc.weights_layer_desc());
        forward_h = packed(w_h, desc.weights_iter_desc());
        if (!train) return;
        workspace = memory(desc.workspace_desc(), cpu());
        h0 = zeros(first);
        c0 = zeros(first);
        d_h0 = memory(first, cpu());
        d_c0 = memory(first, cpu());
    }

    template <class P>
    void make_backward(const typename P::primitive_desc &desc) {
        backward = P(desc);
        backward_x = packed(w_x, desc.weights_layer_desc());
        backward_h = packed(w_h, desc.weights_iter_desc());
        d_w_x = memory(desc.diff_weights_layer_desc(), cpu());
        d_w_h = memory(desc.diff_weights_iter_desc(), cpu());
        d_bias = memory(bias_desc, cpu());
    }

    void pack_forward() {
        forward_x.fill();
        forward_h.fill();
    }

    void run_forward(const memory &x, const memory &y) {
        arguments a = {{DNNL_ARG_SRC_LAYER, x}, {DNNL_ARG_WEIGHTS_LAYER, forward_x.to}, {DNNL_ARG_WEIGHTS_ITER, forward_h.to},
                       {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST_LAYER, y}};
        if (workspace) a.insert({{DNNL_ARG_WORKSPACE, workspace}, {DNNL_ARG_SRC_ITER, h0}});
        if (workspace && cell == lstm) a.insert({DNNL_ARG_SRC_ITER_C, c0});
        forward.execute(queue(), a);
    }

    void run_backward(const memory &x, const memory &y, const memory &d_y, const memory &d_x) {
        backward_x.fill();
        backward_h.fill();
        for (const memory &m : {d_w_x, d_w_h, d_bias}) std::memset(m.get_data_handle(), 0, m.get_desc().get_size());
        arguments a = {{DNNL_ARG_SRC_LAYER, x}, {DNNL_ARG_WEIGHTS_LAYER, backward_x.to},
            {DNNL_ARG_WEIGHTS_ITER, backward_h.to}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST_LAYER, y}, {DNNL_ARG_DIFF_DST_LAYER, d_y},
            {DNNL_ARG_DIFF_SRC_LAYER, d_x}, {DNNL_ARG_DIFF_WEIGHTS_LAYER, d_w_x}, {DNNL_ARG_DIFF_WEIGHTS_ITER, d_w_h},
            {DNNL_ARG_DIFF_BIAS, d_bias}, {DNNL_ARG_WORKSPACE, workspace}, {DNNL_ARG_SRC_ITER, h0}, {DNNL_ARG_DIFF_SRC_ITER, d_h0}};
        if (cell == lstm) a.insert({{DNNL_ARG_SRC_ITER_C, c0}, {DNNL_ARG_DIFF_SRC_ITER_C, d_c0}});
        backward.execute(queue(), a);
    }
};

struct network {
    int threads;
    bool train;
    std::deque<stack> stacks;
    std::vector<memory> values, gradients; // x, then what each stack yields

    void begin() { omp_set_num_threads(threads); }

    void run() {
        if (train)
            for (stack &s : stacks) s.pack_forward();
        for (size_t k = 0; k < stacks.size(); k++) stacks[k].run_forward(values[k], values[k + 1]);
        if (train)
            for (size_t k = stacks.size(); k-- > 0;)
                stacks[k].run_backward(values[k], values[k + 1], gradients[k + 1], gradients[k]);
        queue().wait();
    }
};

// Copies between one layer and direction of oneDNN's [input][gate][unit] and PyTorch's [gate][unit][input].
void transpose(int rows, int columns, const float *from, float *to) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) to[(size_t)c * rows + r] = from[(size_t)r * columns + c];
}

std::string last_error;

template <class F>
int guarded(F body) {
    try {
        body();
        return 0;
    } catch (const std::exception &e) {
        last_error = e.what();
        return 1;
    }
}

} // namespace

extern "C" {

const char *onednn_error() { return last_error.c_str(); }

void onednn_version(int *major, int *minor, int *patch) {
    const dnnl_version_t *v = dnnl_version();
    *major = v->major;
    *minor = v->minor;
    *patch = v->patch;
}

// weights: for every layer, for every direction: [gates, h, inputs], [gates, h, h] and the biases, one after another, gates in
// oneDNN's order. The gradient that arrives at the outputs is 1. 0 for success.
int onednn_open(int cell, int t, int n, int i, int h, int layers, int directions, int train, int threads, const float *x,
                const float *weights, network **result) {
    return guarded([&] {
        auto net = std::make_unique<network>();
        net->threads = threads;
        net->train = train != 0;
        net->begin();
        for (int l = 0; l < layers;) {
            int inputs = l == 0 ? i : directions * h, count = inputs == h && directions == 1 ? layers - l : 1;
            net->stacks.emplace_back(cell, t, n, inputs, h, count, directions, net->train);
            l += count;
        }
        net->values.push_back(memory(net->stacks.front().x_desc, cpu()));
        std::memcpy(data(net->values[0]), x, net->values[0].get_desc().get_size());
        net->gradients.push_back(zeros(net->stacks.front().x_desc));
        for (stack &s : net->stacks) {
            net->values.push_back(zeros(s.y_desc));
            net->gradients.push_back(zeros(s.y_desc));
            int rows = s.gates * h;
            for (int k = 0; k < s.layers * directions; k++) {
                size_t x_length = (size_t)rows * s.i, h_length = (size_t)rows * h, b_length = (size_t)s.biases * h;
                transpose(rows, s.i, weights, data(s.w_x) + k * x_length);
                transpose(rows, h, weights + x_length, data(s.w_h) + k * h_length);
                std::memcpy(data(s.bias) + k * b_length, weights + x_length + h_length, b_length * sizeof(float));
                weights += x_length + h_length + b_length;
            }
            s.pack_forward();
        }
        size_t length = net->gradients.back().get_desc().get_size() / sizeof(float);
        for (size_t k = 0; k < length; k++) data(net->gradients.back())[k] = 1;
        queue().wait();
        *result = net.release();
    });
}

int onednn_run(network *net, int times) {
    return guarded([&] {
        net->begin();
        for (int k = 0; k < times; k++) net->run();
    });
}

// The last run's outputs and, in training, the gradients of x and of the weights, in the order of onednn_open's.
int onednn_read(network *net, float *y, float *d_x, float *d_weights) {
    return guarded([&] {
        std::memcpy(y, data(net->values.back()), net->values.back().get_desc().get_size());
        if (!net->train) return;
        std::memcpy(d_x, data(net->gradients[0]), net->gradients[0].get_desc().get_size());
        for (stack &s : net->stacks) {
            memory w_x(s.w_x.get_desc(), cpu()), w_h(s.w_h.get_desc(), cpu());
            reorder(s.d_w_x, w_x).execute(queue(), s.d_w_x, w_x);
            reorder(s.d_w_h, w_h).execute(queue(), s.d_w_h, w_h);
            queue().wait();
            int rows = s.gates * s.h;
            for (int k = 0; k < s.layers * s.directions; k++) {
                size_t x_length = (size_t)rows * s.i, h_length = (size_t)rows * s.h, b_length = (size_t)s.biases * s.h;
                transpose(s.i, rows, data(w_x) + k * x_length, d_weights);
                transpose(s.h, rows, data(w_h) + k * h_length, d_weights + x_length);
                std::memcpy(d_weights + x_length + h_length, data(s.d_bias) + k * b_length, b_length * sizeof(float));
                d_weights += x_length + h_length + b_length;
            }
        }
    });
}

void onednn_close(network *net) { delete net; }

} // extern "C"
