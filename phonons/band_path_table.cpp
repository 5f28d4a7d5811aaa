#include "phonons/band_path_table.hpp"

#include <cctype>
#include <map>
#include <sstream>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

// A row: symbol ; parameters, from left to right ; path, g = Gamma ; the points on it. a, b, c are the lengths of the
// conventional cell, C and s the cosine and sine of beta. Points are in terms of the reciprocal vectors of the
// primitive cell. A row that does not fit one line goes on in the next, indented.
constexpr const char* recommended_paths = R"(
aP2 ; - ; g-X|Y-g-Z|R-g-T|U-g-V ; Z(0,0,1/2) Y(0,1/2,0) X(1/2,0,0) V(1/2,1/2,0) U(1/2,0,1/2) T(0,1/2,1/2)
    R(1/2,1/2,1/2)
aP3 ; - ; g-X|Y-g-Z|R_2-g-T_2|U_2-g-V_2 ; Z(0,0,1/2) Y(0,1/2,0) X(1/2,0,0) V_2(1/2,-1/2,0) U_2(-1/2,0,1/2)
    T_2(0,-1/2,1/2) R_2(-1/2,-1/2,1/2)
cF1 ; - ; g-X-U|K-g-L-W-X-W_2 ; X(1/2,0,1/2) L(1/2,1/2,1/2) W(1/2,1/4,3/4) W_2(3/4,1/4,1/2) K(3/8,3/8,3/4)
    U(5/8,1/4,5/8)
cF2 ; - ; g-X-U|K-g-L-W-X ; X(1/2,0,1/2) L(1/2,1/2,1/2) W(1/2,1/4,3/4) K(3/8,3/8,3/4) U(5/8,1/4,5/8)
cI1 ; - ; g-H-N-g-P-H|P-N ; H(1/2,-1/2,1/2) P(1/4,1/4,1/4) N(0,0,1/2)
cP1 ; - ; g-X-M-g-R-X|R-M-X_1 ; R(1/2,1/2,1/2) M(1/2,1/2,0) X(0,1/2,0) X_1(1/2,0,0)
cP2 ; - ; g-X-M-g-R-X|R-M ; R(1/2,1/2,1/2) M(1/2,1/2,0) X(0,1/2,0)
hP1 ; - ; g-M-K-g-A-L-H-A|L-M|H-K-H_2 ; A(0,0,1/2) K(1/3,1/3,0) H(1/3,1/3,1/2) H_2(1/3,1/3,-1/2) M(1/2,0,0)
    L(1/2,0,1/2)
hP2 ; - ; g-M-K-g-A-L-H-A|L-M|H-K ; A(0,0,1/2) K(1/3,1/3,0) H(1/3,1/3,1/2) M(1/2,0,0) L(1/2,0,1/2)
hR1 ; D=a*a/4/c/c Y=5/6-2*D N=1/3+D ; g-T-H_2|H_0-L-g-S_0|S_2-F-g ; T(1/2,1/2,1/2) L(1/2,0,0) F(1/2,0,1/2)
    S_0(N,-N,0) S_2(1-N,0,N) H_0(1/2,-1+Y,1-Y) H_2(Y,1-Y,1/2)
hR2 ; Z=1/6-c*c/9/a/a H=1/2-2*Z ; g-L-T-P_0|P_2-g-F ; T(1/2,-1/2,1/2) P_0(H,-1+H,H) P_2(H,H,H) L(1/2,0,0)
    F(1/2,-1/2,0)
mC1 ; S=3/4-b*b/4/a/a/s/s P=S-(3/4-S)*a*C/c ; g-C|C_2-Y_2-g-M_2-D|D_2-A-g|L_2-g-V_2 ; Y_2(-1/2,1/2,0) A(0,0,1/2)
    M_2(-1/2,1/2,1/2) V_2(0,1/2,0) L_2(0,1/2,1/2) C(1-S,1-S,0) C_2(-1+S,S,0) D(-1+P,P,1/2) D_2(1-P,1-P,1/2)
mC2 ; - ; g-Y-M-A-g|L_2-g-V_2 ; Y(1/2,1/2,0) A(0,0,1/2) M(1/2,1/2,1/2) V_2(0,1/2,0) L_2(0,1/2,1/2)
mC3 ; Z=(a*a/b/b+(1+a/c*C)/s/s)/4 R=1-Z*b*b/a/a ; g-A-I_2|I-M_2-g-Y|L_2-g-V_2 ; Y(1/2,1/2,0) A(0,0,1/2)
    M_2(-1/2,1/2,1/2) V_2(0,1/2,0) L_2(0,1/2,1/2) I(-1+R,R,1/2) I_2(1-R,1-R,1/2)
mP1 ; - ; g-Z-D-B-g-A-E-Z-C_2-Y_2-g ; Z(0,1/2,0) B(0,0,1/2) Y_2(-1/2,0,0) C_2(-1/2,1/2,0) D(0,1/2,1/2)
    A(-1/2,0,1/2) E(-1/2,1/2,1/2)
oA1 ; X=(1+b*b/c/c)/4 ; g-Y-C_0|SIGMA_0-g-Z-A_0|E_0-T-Y|g-S-R-Z-T ; Y(-1/2,1/2,0) T(-1/2,1/2,1/2) Z(0,0,1/2)
    S(0,1/2,0) R(0,1/2,1/2) SIGMA_0(X,X,0) C_0(-X,1-X,0) A_0(X,X,1/2) E_0(-X,1-X,1/2)
oA2 ; X=(1+c*c/b/b)/4 ; g-Y-F_0|DELTA_0-g-Z-B_0|G_0-T-Y|g-S-R-Z-T ; Y(1/2,1/2,0) T(1/2,1/2,1/2) Z(0,0,1/2)
    S(0,1/2,0) R(0,1/2,1/2) DELTA_0(-X,X,0) F_0(X,1-X,0) B_0(-X,X,1/2) G_0(X,1-X,1/2)
oC1 ; X=(1+a*a/b/b)/4 ; g-Y-C_0|SIGMA_0-g-Z-A_0|E_0-T-Y|g-S-R-Z-T ; Y(-1/2,1/2,0) T(-1/2,1/2,1/2) Z(0,0,1/2)
    S(0,1/2,0) R(0,1/2,1/2) SIGMA_0(X,X,0) C_0(-X,1-X,0) A_0(X,X,1/2) E_0(-X,1-X,1/2)
oC2 ; X=(1+b*b/a/a)/4 ; g-Y-F_0|DELTA_0-g-Z-B_0|G_0-T-Y|g-S-R-Z-T ; Y(1/2,1/2,0) T(1/2,1/2,1/2) Z(0,0,1/2)
    S(0,1/2,0) R(0,1/2,1/2) DELTA_0(-X,X,0) F_0(X,1-X,0) B_0(-X,X,1/2) G_0(X,1-X,1/2)
oF1 ; J=(1+a*a/b/b-a*a/c/c)/4 H=(1+a*a/b/b+a*a/c/c)/4 ; g-Y-T-Z-g-SIGMA_0|U_0-T|Y-C_0|A_0-Z|g-L ; T(1,1/2,1/2)
    Z(1/2,1/2,0) Y(1/2,0,1/2) SIGMA_0(0,H,H) U_0(1,1-H,1-H) A_0(1/2,1/2+J,J) C_0(1/2,1/2-J,1-J) L(1/2,1/2,1/2)
oF2 ; J=(1+c*c/a/a-c*c/b/b)/4 K=(1+c*c/a/a+c*c/b/b)/4 ; g-T-Z-Y-g-LAMBDA_0|Q_0-Z|T-G_0|H_0-Y|g-L ; T(0,1/2,1/2)
    Z(1/2,1/2,1) Y(1/2,0,1/2) LAMBDA_0(K,K,0) Q_0(1-K,1-K,1) G_0(1/2-J,1-J,1/2) H_0(1/2+J,J,1/2) L(1/2,1/2,1/2)
oF3 ; H=(1+a*a/b/b-a*a/c/c)/4 K=(1+b*b/a/a-b*b/c/c)/4 P=(1+c*c/b/b-c*c/a/a)/4 ;
    g-Y-C_0|A_0-Z-B_0|D_0-T-G_0|H_0-Y|T-g-Z|g-L ; T(0,1/2,1/2) Z(1/2,1/2,0) Y(1/2,0,1/2) A_0(1/2,1/2+H,H)
    C_0(1/2,1/2-H,1-H) B_0(1/2+K,1/2,K) D_0(1/2-K,1/2,1-K) G_0(P,1/2+P,1/2) H_0(1-P,1/2-P,1/2) L(1/2,1/2,1/2)
oI1 ; Z=(1+a*a/c/c)/4 H=(1+b*b/c/c)/4 ; g-X-F_2|SIGMA_0-g-Y_0|U_0-X|g-R-W-S-g-T-W ; X(1/2,1/2,-1/2) S(1/2,0,0)
    R(0,1/2,0) T(0,0,1/2) W(1/4,1/4,1/4) SIGMA_0(-Z,Z,Z) F_2(Z,1-Z,-Z) Y_0(H,-H,H) U_0(1-H,H,-H)
oI2 ; Z=(1+b*b/a/a)/4 H=(1+c*c/a/a)/4 ; g-X-U_2|Y_0-g-LAMBDA_0|G_2-X|g-R-W-S-g-T-W ; X(-1/2,1/2,1/2) S(1/2,0,0)
    R(0,1/2,0) T(0,0,1/2) W(1/4,1/4,1/4) Y_0(Z,-Z,Z) U_2(-Z,Z,1-Z) LAMBDA_0(H,H,-H) G_2(-H,1-H,H)
oI3 ; Z=(1+c*c/b/b)/4 Y=(1+a*a/b/b)/4 ; g-X-F_0|SIGMA_0-g-LAMBDA_0|G_0-X|g-R-W-S-g-T-W ; X(1/2,-1/2,1/2)
    S(1/2,0,0) R(0,1/2,0) T(0,0,1/2) W(1/4,1/4,1/4) SIGMA_0(-Y,Y,Y) F_0(Y,-Y,1-Y) LAMBDA_0(Z,Z,-Z) G_0(1-Z,-Z,Z)
oP1 ; - ; g-X-S-Y-g-Z-U-R-T-Z|X-U|Y-T|S-R ; X(1/2,0,0) Z(0,0,1/2) U(1/2,0,1/2) Y(0,1/2,0) S(1/2,1/2,0)
    T(0,1/2,1/2) R(1/2,1/2,1/2)
tI1 ; H=(1+c*c/a/a)/4 ; g-X-M-g-Z|Z_0-M|X-P-N-g ; M(-1/2,1/2,1/2) X(0,0,1/2) P(1/4,1/4,1/4) Z(H,H,-H)
    Z_0(-H,1-H,H) N(0,1/2,0)
tI2 ; H=(1+a*a/c/c)/4 Z=a*a/2/c/c ; g-X-P-N-g-M-S|S_0-g|X-R|G-M ; M(1/2,1/2,-1/2) X(0,0,1/2) P(1/4,1/4,1/4)
    N(0,1/2,0) S_0(-H,H,H) S(H,1-H,-H) R(-Z,Z,1/2) G(1/2,1/2,-Z)
tP1 ; - ; g-X-M-g-Z-R-A-Z|X-R|M-A ; Z(0,0,1/2) M(1/2,1/2,0) A(1/2,1/2,1/2) R(0,1/2,1/2) X(0,1/2,0)
)";

/// Values of + - * / and parentheses over numbers and variables of one letter.
class Expression {
 public:
  Expression(const std::string& text, const std::map<char, double>& variables) : text_(text), variables_(variables) {}

  double value() {
    const double result = sum();
    if (at_ != text_.size()) throw InternalError{"the table of band paths holds '{}'", text_};
    return result;
  }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  double sum() {
    double result = next() == '-' ? 0 : product();
    while (next() == '+' || next() == '-') {
      const double sign = text_[at_++] == '+' ? 1 : -1;
      result += sign * product();
    }
    return result;
  }
  double product() {
    double result = factor();
    while (next() == '*' || next() == '/') {
      if (text_[at_++] == '*') {
        result *= factor();
      } else {
        result /= factor();
      }
    }
    return result;
  }
  double factor() {
    if (next() == '(') {
      ++at_;
      const double result = sum();
      ++at_;
      return result;
    }
    if (std::isdigit(static_cast<unsigned char>(next())) != 0) {
      std::size_t length = 0;
      const double result = std::stod(text_.substr(at_), &length);
      at_ += length;
      return result;
    }
    const auto found = variables_.find(next());
    if (found == variables_.end()) throw InternalError{"the table of band paths holds '{}'", text_};
    ++at_;
    return found->second;
  }

  const std::string& text_;
  const std::map<char, double>& variables_;
  std::size_t at_ = 0;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::string row_of(const std::string& symbol) {
  std::istringstream lines(recommended_paths);
  std::string row;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(symbol + " ;")) {
      row = line;
    } else if (!row.empty() && line.starts_with("    ")) {
      row += line.substr(3);
    } else if (!row.empty()) {
      return row;
    }
  }
  if (row.empty()) throw InternalError{"no band path for the lattice {}", symbol};
  return row;
}

}  // namespace

TabulatedPath tabulated_path(const std::string& symbol, const ConventionalShape& shape) {
  const std::vector<std::string> fields = split(row_of(symbol), ';');
  std::map<char, double> variables = {
      {'a', shape.a}, {'b', shape.b}, {'c', shape.c}, {'C', shape.cos_beta}, {'s', shape.sin_beta}};
  std::istringstream parameters(fields[1]);
  for (std::string word; parameters >> word;) {
    if (word != "-") variables[word[0]] = Expression(word.substr(2), variables).value();
  }
  TabulatedPath path;
  std::istringstream pieces(fields[2]);
  std::string text;
  pieces >> text;
  for (const std::string& piece : split(text, '|')) {
    path.pieces.push_back(split(piece, '-'));
    for (std::string& label : path.pieces.back()) {
      if (label == "g") label = "GAMMA";
    }
  }
  path.points["GAMMA"] = Eigen::Vector3d::Zero();
  std::istringstream points(fields[3]);
  for (std::string word; points >> word;) {
    const std::size_t open = word.find('(');
    const std::vector<std::string> terms = split(word.substr(open + 1, word.size() - open - 2), ',');
    Eigen::Vector3d& point = path.points[word.substr(0, open)];
    for (int i = 0; i < 3; ++i) point[i] = Expression(terms[i], variables).value();
  }
  return path;
}

}  // namespace zeropoint::phonons
